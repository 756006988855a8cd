package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// NoteData is a note. [MS-ASNOTE] 2.2
type NoteData struct {
	_                struct{}        `wbxml:"AirSync:ApplicationData"`
	Subject          string          `wbxml:"Notes:Subject"`
	Body             *Body           `wbxml:"AirSyncBase:Body"`
	NativeBodyType   *int            `wbxml:"AirSyncBase:NativeBodyType"`
	MessageClass     string          `wbxml:"Notes:MessageClass"`
	LastModifiedDate string          `wbxml:"Notes:LastModifiedDate"`
	Categories       *NoteCategories `wbxml:"Notes:Categories"`
	Other            []wbxml.Raw     `wbxml:",any"`
}

// NoteCategories lists categories.
type NoteCategories struct {
	Category []string `wbxml:"Notes:Category"`
}
