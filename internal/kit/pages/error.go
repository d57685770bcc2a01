package pages

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
)

// Error is the page that says why there is no other. What has no kind is logged and hidden.
func (p *Pages) Error(r *http.Request, log *slog.Logger, site string, err error) *Page {
	code, lang := rest.Code(err), Lang(r)
	title := ownWords.Text(lang, "error."+strconv.Itoa(code))
	message := ""
	var f *fault.Fault
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal:
		message = f.Message
		if f.Kind == fault.NotFound {
			message = ownWords.Text(lang, "error.404.text")
		}
	default:
		log.ErrorContext(r.Context(), "page failed", "method", r.Method, "path", r.URL.Path, "error", err)
		message = ownWords.Text(lang, "error.500.text")
	}
	page := p.errors.Page("error.html", site, title, struct {
		Code    int
		Message string
	}{code, message})
	page.Code = code
	return page
}
