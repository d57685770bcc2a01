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

// NewQuoteRequest asks the author of a status whether another may quote it.
func NewQuoteRequest(id, actor, quoted string, quoting Note) Activity {
	a := ofNote("QuoteRequest", id, quoting)
	a.Context, a.Actor, a.To, a.Cc, a.Object = ContextQuoteRequest, actor, nil, nil, quoted
	quoting.Context = ""
	a.Instrument = quoting
	return a
}

// NewAnswerToQuote answers a QuoteRequest with Accept or Reject.
func NewAnswerToQuote(kind, actor string, request Object) Activity {
	asked := Activity{ID: request.ID(), Type: "QuoteRequest", Actor: request.Link("actor"), Object: request.Link("object"), Instrument: request.Link("instrument")}
	return Activity{Context: ContextQuoteRequest, Type: kind, Actor: actor, To: []string{asked.Actor}, Object: asked}
}

// NewDeleteQuoteAuthorization takes the leave back.
func NewDeleteQuoteAuthorization(a QuoteAuthorization) Activity {
	a.Context = ""
	return Activity{Context: ContextQuoteAuthorization, ID: a.ID + "#delete", Type: "Delete", Actor: a.AttributedTo, To: []string{Public}, Object: a}
}
