package eas

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
)

// A MeetingAnswer responds to an invitation: a mail in a folder, a result of [Client.Search], or
// an event of the calendar.
type MeetingAnswer struct {
	Folder   FolderID
	Item     ItemID
	LongID   string       // instead of Folder and Item
	Response ResponseType // ResponseAccepted, ResponseTentative or ResponseDeclined
	Instance time.Time    // of a series, the occurrence that would start then; zero: all. From 14.1 on

	// Send has the server tell the organizer, from 16.0 on. Before that the client sends the
	// answer by SendMail, if the organizer wants one.
	Send bool
	// Text goes with what the server sends.
	Text string
	// ProposedStart and ProposedEnd propose another time, from 16.1 on, with Send.
	ProposedStart, ProposedEnd time.Time
}

// A MeetingResult is the result of a [MeetingAnswer].
type MeetingResult struct {
	MeetingAnswer
	Event ItemID // in the calendar; "" if there is none, as after ResponseDeclined
	Err   error  // an [*Error], or nil
}

// MeetingResponse responds to invitations and returns the result of each, in the order of answers.
// The server adds the meeting to the calendar, or removes it, and removes the invitation from its
// folder; the next Sync reports both changes. Two answers to the same meeting, or to the same
// occurrence, are an error.
func (c *Client) MeetingResponse(ctx context.Context, answers ...MeetingAnswer) ([]MeetingResult, error) {
	if len(answers) == 0 {
		return nil, errors.New("eas: MeetingResponse: no answers")
	}
	return atVersion(ctx, c, func(v Version) ([]MeetingResult, error) { return c.meetingResponseAt(ctx, v, answers) })
}

func (c *Client) meetingResponseAt(ctx context.Context, version Version, answers []MeetingAnswer) ([]MeetingResult, error) {
	in := &airsync.MeetingResponse{}
	for i, a := range answers {
		if slices.ContainsFunc(answers[:i], a.same) {
			return nil, fmt.Errorf("eas: MeetingResponse: answer %d: there is another for the same meeting", i)
		}
		x, err := a.wire(version)
		if err != nil {
			return nil, fmt.Errorf("eas: MeetingResponse: answer %d: %w", i, err)
		}
		in.Request = append(in.Request, x)
	}
	var out airsync.MeetingResponseResponse
	r, err := c.run(ctx, request{command: "MeetingResponse", version: version}, in, &out, false)
	if err != nil {
		return nil, err
	}
	if out.Status != nil && *out.Status != 1 {
		return nil, r.statusError("", *out.Status)
	}
	found := matchAnswers(answers, out.Result)
	results := make([]MeetingResult, len(answers))
	for i, a := range answers {
		results[i] = MeetingResult{MeetingAnswer: a}
		switch x := found[i]; {
		case x == nil || x.Status == nil:
			results[i].Err = r.unexpected("no result for an answer")
		case *x.Status != 1:
			results[i].Err = r.statusError("Item", *x.Status)
		default:
			results[i].Event = ItemID(x.CalendarID)
		}
	}
	return results, nil
}

// matchAnswers returns the result of each answer, nil where there is none. Servers do not keep
// to the order of the answers, so that a result is found by its name. One that has none, or
// another than the LongID that was sent, is that of the last answer left, if both are alone.
func matchAnswers(answers []MeetingAnswer, results []airsync.MeetingResult) []*airsync.MeetingResult {
	found := make([]*airsync.MeetingResult, len(answers))
	taken := map[int]bool{}
	var left []int
	for i, a := range answers {
		for j := range results {
			if found[i] == nil && !taken[j] && a.isNamed(results[j]) {
				found[i], taken[j] = &results[j], true
			}
		}
		if found[i] == nil {
			left = append(left, i)
		}
	}
	if len(left) == 1 && len(results)-len(taken) == 1 {
		j := 0
		for taken[j] {
			j++
		}
		if x := &results[j]; answers[left[0]].LongID != "" || x.RequestID == "" && x.LongID == "" {
			found[left[0]] = x
		}
	}
	return found
}

// isNamed reports whether the result names the meeting that the answer is about.
func (a MeetingAnswer) isNamed(x airsync.MeetingResult) bool {
	if a.LongID != "" && x.LongID != a.LongID && x.RequestID != a.LongID || a.LongID == "" && x.RequestID != string(a.Item) {
		return false
	}
	instance, err := parseTime(x.InstanceID)
	return a.Instance.IsZero() || x.InstanceID == "" || err == nil && instance.Equal(a.Instance)
}

// same reports whether b is about the same meeting.
func (a MeetingAnswer) same(b MeetingAnswer) bool {
	return a.Folder == b.Folder && a.Item == b.Item && a.LongID == b.LongID && a.Instance.Equal(b.Instance)
}

// userResponses are the responses that a user can give, by [MS-ASCMD] 2.2.3.184.
var userResponses = map[ResponseType]int{ResponseAccepted: 1, ResponseTentative: 2, ResponseDeclined: 3}

func (a MeetingAnswer) wire(v Version) (airsync.MeetingAnswer, error) {
	x := airsync.MeetingAnswer{UserResponse: userResponses[a.Response], LongID: a.LongID, InstanceID: extended(a.Instance)}
	if a.LongID == "" {
		x.CollectionID, x.RequestID = string(a.Folder), string(a.Item)
	}
	proposes := !a.ProposedStart.IsZero() || !a.ProposedEnd.IsZero()
	switch {
	case x.UserResponse == 0:
		return x, errors.New("the response must be accepted, tentative or declined")
	case a.LongID == "" && (a.Folder == "" || a.Item == ""):
		return x, errors.New("it needs a folder and an item, or a long ID")
	case !a.Instance.IsZero() && !v.AtLeast(Version141):
		return x, fmt.Errorf("occurrences are answered by themselves from version 14.1 on, and this is %s", v)
	case a.Send && !v.AtLeast(Version160):
		return x, fmt.Errorf("the server sends the answer from version 16.0 on, and this is %s", v)
	case (proposes || a.Text != "") && !a.Send:
		return x, errors.New("a text or another time needs Send")
	case proposes && (a.ProposedStart.IsZero() || !a.ProposedEnd.After(a.ProposedStart)):
		return x, errors.New("the proposed time makes no sense")
	case proposes && !v.AtLeast(Version161):
		return x, fmt.Errorf("another time can be proposed from version 16.1 on, and this is %s", v)
	}
	if a.Send {
		x.Send = &airsync.SendResponse{ProposedStartTime: extended(a.ProposedStart), ProposedEndTime: extended(a.ProposedEnd)}
		if a.Text != "" {
			x.Send.Body = &airsync.Body{Type: int(BodyPlain), Data: &a.Text}
		}
	}
	return x, nil
}
