package airsync

import "github.com/easoauth/easoauth/internal/wbxml"

// TaskData is a task. [MS-ASTASK] 2.2
type TaskData struct {
	_              struct{}        `wbxml:"AirSync:ApplicationData"`
	Body           *Body           `wbxml:"AirSyncBase:Body"`
	NativeBodyType *int            `wbxml:"AirSyncBase:NativeBodyType"`
	Subject        string          `wbxml:"Tasks:Subject"`
	Importance     *int            `wbxml:"Tasks:Importance"`
	UTCStartDate   string          `wbxml:"Tasks:UtcStartDate"`
	StartDate      string          `wbxml:"Tasks:StartDate"`
	UTCDueDate     string          `wbxml:"Tasks:UtcDueDate"`
	DueDate        string          `wbxml:"Tasks:DueDate"`
	Categories     *TaskCategories `wbxml:"Tasks:Categories"`
	Recurrence     *TaskRecurrence `wbxml:"Tasks:Recurrence"`
	Complete       *bool           `wbxml:"Tasks:Complete"`
	DateCompleted  string          `wbxml:"Tasks:DateCompleted"`
	Sensitivity    *int            `wbxml:"Tasks:Sensitivity"`
	ReminderTime   string          `wbxml:"Tasks:ReminderTime"`
	ReminderSet    *bool           `wbxml:"Tasks:ReminderSet"`
	OrdinalDate    string          `wbxml:"Tasks:OrdinalDate"`
	SubOrdinalDate string          `wbxml:"Tasks:SubOrdinalDate"`
	Other          []wbxml.Raw     `wbxml:",any"`
}

// TaskCategories lists categories.
type TaskCategories struct {
	Category []string `wbxml:"Tasks:Category"`
}

// TaskRecurrence is the recurrence of a task. [MS-ASTASK] 2.2.2.18
type TaskRecurrence struct {
	Type           *int   `wbxml:"Tasks:Type"`
	Start          string `wbxml:"Tasks:Start"`
	Until          string `wbxml:"Tasks:Until"`
	Occurrences    *int   `wbxml:"Tasks:Occurrences"`
	Interval       *int   `wbxml:"Tasks:Interval"`
	DayOfWeek      *int   `wbxml:"Tasks:DayOfWeek"`
	DayOfMonth     *int   `wbxml:"Tasks:DayOfMonth"`
	WeekOfMonth    *int   `wbxml:"Tasks:WeekOfMonth"`
	MonthOfYear    *int   `wbxml:"Tasks:MonthOfYear"`
	Regenerate     *bool  `wbxml:"Tasks:Regenerate"`
	DeadOccur      *bool  `wbxml:"Tasks:DeadOccur"`
	CalendarType   *int   `wbxml:"Tasks:CalendarType"`
	IsLeapMonth    *bool  `wbxml:"Tasks:IsLeapMonth"`
	FirstDayOfWeek *int   `wbxml:"Tasks:FirstDayOfWeek"`
}
