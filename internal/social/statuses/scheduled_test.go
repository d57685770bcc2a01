package statuses

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

func TestADraftIsTheSameAfterItWasKept(t *testing.T) {
	yes, allowed := true, []id.Account{117659507097600010}
	d := Draft{Text: "text", ContentWarning: "warning", Visibility: Unlisted, LocalOnly: true, Sensitive: &yes, Language: "de", InReplyTo: 117659507097600011,
		Quote: 117659507097600012, QuotePolicy: "nobody", Poll: &PollDraft{Options: []string{"a", "b"}, ExpiresIn: time.Hour, Multiple: true, HideTotals: true},
		Media: []id.Attachment{117659507097600013}, App: 5, IdempotencyKey: "key", AllowedMentions: &allowed}
	for i, v := 0, reflect.ValueOf(d); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves out %s", v.Type().Field(i).Name)
		}
	}
	kept, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	back := Draft{App: d.App} // which has a column of its own
	if err := json.Unmarshal(kept, &back); err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("kept as %s it comes back as %+v (%v)", kept, back, err)
	}
}

func TestDatesAreReadInEveryFormThatAppsWrite(t *testing.T) {
	want := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-22T10:30:00Z", "2026-11-22T10:30:00.000Z", "2026-11-22T11:30:00+01:00", "2026-11-22T11:30:00+0100", "2026-11-22T11:30+01:00", "2026-11-22T10:30:00",
		"2026-11-22T10:30", "2026-11-22 10:30:00 UTC", "2026-11-22 11:30:00 +0100", "2026-11-22 11:30:00+01:00", "2026-11-22 10:30:00", "2026-11-22 10:30"} {
		if at, err := readDate(text); err != nil || !at.Equal(want) {
			t.Errorf("%q is %s (%v)", text, at, err)
		}
	}
	for _, text := range []string{"", " ", "now", "2026-13-01", "2026-11-22T25:00", "1795341600", "22.11.2026"} {
		if at, err := readDate(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is %s (%v)", text, at, err)
		}
	}
}

func TestScheduledStatusesAndTranslationsAreFoundByIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, listScheduledSQL+`DESC LIMIT $4`, 1, 100, 0, 40)
		dbtest.NoScan(t, d, countScheduledSQL, 1)
		dbtest.NoScan(t, d, countScheduledOnSQL, 1, 0, 100, 5)
		dbtest.NoScan(t, d, dueScheduledSQL, 100, 50)
		dbtest.NoScan(t, d, nextScheduledSQL)
		dbtest.NoScan(t, d, oldTranslationsSQL, 100, 50)
	})
}
