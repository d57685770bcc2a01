package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"anancus/internal/server/keeper"
)

// maxFile bounds what a command reads from a file or its input, in bytes.
const maxFile = 4 << 20

// written gives a value as it stands, or, of "-", what stands on the command's input, or, of @FILE, what the file holds.
func written(value string) (string, error) {
	var from io.Reader
	switch name, file := strings.CutPrefix(value, "@"); {
	case value == "-":
		from = os.Stdin
	case file:
		opened, err := os.Open(name) //nolint:gosec // the keeper's own file
		if err != nil {
			return "", err
		}
		defer func() { _ = opened.Close() }()
		from = opened
	default:
		return value, nil
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("the text is longer than %d MiB", maxFile>>20)
	}
	return strings.TrimSpace(string(text)), err
}

// ruleCmd is about the rules that members agree to.
type ruleCmd struct {
	Add    ruleAddCmd    `cmd:"" help:"Put a rule after the others."`
	Edit   ruleEditCmd   `cmd:"" help:"Change a rule's words, or translate it."`
	Move   ruleMoveCmd   `cmd:"" help:"Put a rule at another place."`
	Remove ruleRemoveCmd `cmd:"" help:"Take a rule away."`
	List   ruleListCmd   `cmd:"" help:"Print the rules in their order."`
}

type ruleAddCmd struct {
	Text string `arg:"" help:"The rule, in at most 300 characters."`
	Hint string `placeholder:"TEXT" help:"More about it."`
}

func (p *program) tellRule(r keeper.Rule, err error) error {
	if err != nil {
		return err
	}
	p.tell(r, ruleLines(r)...)
	return nil
}

func ruleLines(r keeper.Rule) []string {
	lines := []string{r.ID + "  " + r.Text}
	if r.Hint != "" {
		lines = append(lines, "    "+r.Hint)
	}
	for language, words := range r.Translations {
		lines = append(lines, "    "+language+": "+words)
	}
	return lines
}

// Run adds the rule.
func (c ruleAddCmd) Run(p *program) error {
	return p.tellRule(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Rule, error) {
		return ops.AddRule(ctx, keeper.Rule{Text: c.Text, Hint: c.Hint})
	}))
}

type ruleEditCmd struct {
	ID       string `arg:"" help:"The rule's number, as rule list prints it."`
	Text     string `arg:"" help:"Its new words."`
	Hint     string `placeholder:"TEXT" help:"More about it."`
	Language string `placeholder:"CODE" help:"Translate it to this language instead of changing it, for example: de"`
}

// Run changes the rule.
func (c ruleEditCmd) Run(p *program) error {
	return p.tellRule(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Rule, error) {
		return ops.ChangeRule(ctx, keeper.Rule{ID: c.ID, Text: c.Text, Hint: c.Hint, Language: c.Language})
	}))
}

type ruleMoveCmd struct {
	ID string `arg:"" help:"The rule's number, as rule list prints it."`
	To int    `arg:"" help:"Its new place, counted from 1."`
}

// Run moves the rule.
func (c ruleMoveCmd) Run(p *program) error {
	return p.tellRule(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Rule, error) {
		return ops.MoveRule(ctx, keeper.RulePlace{ID: c.ID, Place: c.To})
	}))
}

type ruleRemoveCmd struct {
	ID string `arg:"" help:"The rule's number, as rule list prints it."`
}

// Run removes the rule.
func (c ruleRemoveCmd) Run(p *program) error {
	return p.tellRule(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Rule, error) {
		return ops.RemoveRule(ctx, keeper.RulePlace{ID: c.ID})
	}))
}

type ruleListCmd struct{}

// Run prints the rules.
func (ruleListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Rule, error) { return ops.ListRules(ctx) })
	if err != nil {
		return err
	}
	var lines []string
	for _, one := range list {
		lines = append(lines, ruleLines(one)...)
	}
	p.tell(list, lines...)
	return nil
}

// termsCmd is about the terms of service.
type termsCmd struct {
	Publish termsPublishCmd `cmd:"" help:"Publish a version that holds from a day on. Published versions are never changed."`
	List    termsListCmd    `cmd:"" help:"Print the versions, newest first."`
}

type termsPublishCmd struct {
	Text      string `arg:"" help:"The terms in Markdown: @FILE, or - for the command's input."`
	Effective string `required:"" placeholder:"DAY" help:"From which day on, for example 2026-12-31."`
	Changelog string `placeholder:"TEXT" help:"What is new, in Markdown; @FILE reads a file."`
}

// Run publishes the terms.
func (c termsPublishCmd) Run(p *program) error {
	text, err := written(c.Text)
	if err != nil {
		return err
	}
	changelog, err := written(c.Changelog)
	if err != nil {
		return err
	}
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Terms, error) {
		return ops.PublishTerms(ctx, keeper.Terms{EffectiveOn: c.Effective, Text: text, Changelog: changelog})
	})
	if err != nil {
		return err
	}
	p.tell(made, "Published: in effect from "+made.EffectiveOn)
	return nil
}

type termsListCmd struct{}

// Run prints the versions.
func (termsListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Terms, error) { return ops.ListTerms(ctx) })
	if err != nil {
		return err
	}
	lines := make([]string, len(list))
	for i, one := range list {
		lines[i] = fmt.Sprintf("in effect from %s, published %s, %d characters", one.EffectiveOn, one.PublishedAt, len([]rune(one.Text)))
	}
	p.tell(list, lines...)
	return nil
}

// announcementCmd is about what all members are told.
type announcementCmd struct {
	Add       announcementAddCmd    `cmd:"" help:"Tell all members something, at once unless --draft or --publish-at says otherwise."`
	Edit      announcementEditCmd   `cmd:"" help:"Change an announcement's words."`
	Publish   announcementPublish   `cmd:"" help:"Show an announcement."`
	Unpublish announcementUnpublish `cmd:"" help:"Hide an announcement; it can be published again."`
	Remove    announcementRemove    `cmd:"" help:"Delete an announcement with its reactions."`
	List      announcementListCmd   `cmd:"" help:"Print all announcements, newest first."`
}

type announcementAddCmd struct {
	Text      string `arg:"" help:"What to tell. Mentions, hashtags and links work as in posts; - reads the command's input."`
	Starts    string `placeholder:"TIME" help:"When what it tells about starts, for example 2026-12-31T18:00:00Z."`
	Ends      string `placeholder:"TIME" help:"When it ends; the announcement is not shown after."`
	AllDay    bool   `help:"It is about whole days."`
	PublishAt string `placeholder:"TIME" help:"Show it from then on."`
	Draft     bool   `help:"Keep it back until announcement publish."`
}

func (p *program) tellAnnouncement(a keeper.Announcement, err error) error {
	if err != nil {
		return err
	}
	p.tell(a, announcementLine(a))
	return nil
}

func announcementLine(a keeper.Announcement) string {
	state := "hidden"
	switch {
	case a.PublishedAt != "":
		state = "published " + a.PublishedAt
	case a.PublishAt != "":
		state = "to be published " + a.PublishAt
	}
	first, _, more := strings.Cut(a.Text, "\n")
	if more {
		first += " …"
	}
	return a.ID + "  " + state + "  " + first
}

// Run announces.
func (c announcementAddCmd) Run(p *program) error {
	text, err := written(c.Text)
	if err != nil {
		return err
	}
	return p.tellAnnouncement(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Announcement, error) {
		return ops.Announce(ctx, keeper.Announcement{Text: text, StartsAt: c.Starts, EndsAt: c.Ends, AllDay: c.AllDay, PublishAt: c.PublishAt, Draft: c.Draft})
	}))
}

func (p *program) changeAnnouncement(number, do, text string) error {
	return p.tellAnnouncement(keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Announcement, error) {
		return ops.ChangeAnnouncement(ctx, keeper.AnnouncementChange{ID: number, Do: do, Text: text})
	}))
}

type announcementEditCmd struct {
	ID   string `arg:"" help:"The announcement's number."`
	Text string `arg:"" help:"Its new words; - reads the command's input."`
}

// Run edits the announcement.
func (c announcementEditCmd) Run(p *program) error {
	text, err := written(c.Text)
	if err != nil {
		return err
	}
	return p.changeAnnouncement(c.ID, "edit", text)
}

type (
	announcementPublish struct {
		ID string `arg:"" help:"The announcement's number."`
	}
	announcementUnpublish announcementPublish
	announcementRemove    announcementPublish
)

// Run publishes the announcement.
func (c announcementPublish) Run(p *program) error { return p.changeAnnouncement(c.ID, "publish", "") }

// Run hides the announcement.
func (c announcementUnpublish) Run(p *program) error {
	return p.changeAnnouncement(c.ID, "unpublish", "")
}

// Run removes the announcement.
func (c announcementRemove) Run(p *program) error {
	_, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Announcement, error) {
		return ops.ChangeAnnouncement(ctx, keeper.AnnouncementChange{ID: c.ID, Do: "remove"})
	})
	if err != nil {
		return err
	}
	p.tell(map[string]string{"removed": c.ID}, "Removed: "+c.ID)
	return nil
}

type announcementListCmd struct{}

// Run prints the announcements.
func (announcementListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Announcement, error) {
		return ops.ListAnnouncements(ctx)
	})
	if err != nil {
		return err
	}
	lines := make([]string, len(list))
	for i, one := range list {
		lines[i] = announcementLine(one)
	}
	p.tell(list, lines...)
	return nil
}
