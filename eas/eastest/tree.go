package eastest

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/wbxml"
)

// document writes the element as a document of its own; nil if it holds what cannot be.
func (n *node) document() []byte {
	var b bytes.Buffer
	e := wbxml.NewEncoder(&b)
	if err := errors.Join(n.write(e), e.Close()); err != nil {
		return nil
	}
	return b.Bytes()
}

func (n *node) write(e *wbxml.Encoder) error {
	switch {
	case len(n.kids) > 0:
		err := e.Start(n.tag)
		for _, k := range n.kids {
			err = errors.Join(err, k.write(e))
		}
		return errors.Join(err, e.End())
	case n.tag.Bytes() && n.text != "":
		return errors.Join(e.Start(n.tag), e.Opaque([]byte(n.text)), e.End())
	}
	return e.Element(n.tag, n.text)
}

// A node is an element of a request. The tenant reads requests by this tree and not by the
// structs of the client, so that a mistake in those does not pass unseen.
type node struct {
	tag  wbxml.Tag
	text string
	kids []*node
}

// maxDepth is deeper than any document of ActiveSync.
const maxDepth = 32

func parseTree(doc []byte) (*node, error) {
	var d wbxml.Decoder
	d.ResetBytes(doc)
	var root *node
	var stack []*node
	for {
		t, err := d.ReadToken()
		if err != nil {
			if root != nil && len(stack) == 0 {
				return root, nil
			}
			return nil, err
		}
		switch t.Kind {
		case wbxml.KindStart:
			n := &node{tag: t.Tag}
			if len(stack) == 0 {
				root = n
			} else {
				top := stack[len(stack)-1]
				top.kids = append(top.kids, n)
			}
			if stack = append(stack, n); len(stack) > maxDepth {
				return nil, errors.New("eastest: too deep")
			}
		case wbxml.KindEnd:
			stack = stack[:len(stack)-1]
		default:
			stack[len(stack)-1].text += string(t.Data)
		}
	}
}

func (n *node) child(tag wbxml.Tag) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.tag == tag {
			return k
		}
	}
	return nil
}

func (n *node) all(tag wbxml.Tag) []*node {
	var out []*node
	if n != nil {
		for _, k := range n.kids {
			if k.tag == tag {
				out = append(out, k)
			}
		}
	}
	return out
}

// value returns the text of a child, and "" if there is none.
func (n *node) value(tag wbxml.Tag) string {
	if k := n.child(tag); k != nil {
		return strings.TrimSpace(k.text)
	}
	return ""
}

// number returns the number in a child. It reports false if there is none or it is no
// number.
func (n *node) number(tag wbxml.Tag) (int, bool) {
	v, err := strconv.Atoi(n.value(tag))
	return v, err == nil
}

// inOrder reports whether the children stand in the order of tags, and are no others.
func (n *node) inOrder(tags ...wbxml.Tag) bool {
	i := 0
	for _, k := range n.kids {
		for i < len(tags) && tags[i] != k.tag {
			i++
		}
		if i == len(tags) {
			return false
		}
	}
	return true
}
