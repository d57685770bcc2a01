package activitypub

// QuoteAuthorization is the document by which an author lets a status quote one of theirs (FEP-044f).
type QuoteAuthorization struct {
	Context           Context `json:"@context,omitempty"`
	ID                string  `json:"id"`
	Type              string  `json:"type"`
	AttributedTo      string  `json:"attributedTo"`
	InteractingObject string  `json:"interactingObject"` // that quotes
	InteractionTarget string  `json:"interactionTarget"` // that is quoted
}

// NewQuoteAuthorization lets a status quote another.
func NewQuoteAuthorization(id, author, quoting, quoted string) *QuoteAuthorization {
	return &QuoteAuthorization{ContextQuoteAuthorization, id, "QuoteAuthorization", author, quoting, quoted}
}

// NewDeleteQuoteAuthorization takes the leave back.
func NewDeleteQuoteAuthorization(a QuoteAuthorization) Activity {
	a.Context = ""
	return Activity{Context: ContextQuoteAuthorization, ID: a.ID + "#delete", Type: "Delete", Actor: a.AttributedTo, To: []string{Public}, Object: a}
}
