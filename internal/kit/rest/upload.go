package rest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"anancus/internal/kit/fault"
)

// maxPart bounds a field beside files, in bytes; all together have MaxBody.
const maxPart = 256 << 10

// Upload says which files a form may carry, and where they wait.
type Upload struct {
	Folder string           // for the files, under names of ours
	Limits map[string]int64 // bytes a file of a field may have
	Within time.Duration    // how long receiving may take
}

// Files are the files of a form, by field, each open at its beginning. Whoever receives them closes them.
type Files map[string]*os.File

// Close throws the files away.
func (f Files) Close() {
	for _, file := range f {
		_ = file.Close()           // it was only read
		_ = os.Remove(file.Name()) // what stays is removed at the next start
	}
}

// Receive reads the request's form as Form does, and the files it carries into a folder. How a file was called is never looked at.
// A file that is too large, one of a field that takes none, and a second one of a field are Invalid.
func (c *Call[V]) Receive(u Upload) (Files, error) {
	if kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type")); kind != "multipart/form-data" {
		_, err := c.Form()
		return nil, err
	}
	control := http.NewResponseController(c.W)
	until := time.Now().Add(u.Within)
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until.Add(time.Minute))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	most := int64(MaxBody)
	for _, limit := range u.Limits {
		most += limit
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, most)
	tree := map[string]any{}
	asked, _ := pairsOf(c.R.URL.RawQuery) // as Form
	if err := unfold(tree, asked); err != nil {
		return nil, err
	}
	files := Files{}
	fields, err := u.read(c.R, files)
	if err == nil {
		err = unfold(tree, fields)
	}
	if err != nil {
		files.Close()
		return nil, err
	}
	c.form = &Form{tree}
	return files, nil
}

func (u Upload) read(r *http.Request, files Files) (fields []pair, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, bodyFault(err)
	}
	size := 0
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return fields, nil
		}
		if err != nil {
			return nil, bodyFault(err)
		}
		name := part.FormName()
		limit, taken := u.Limits[name]
		switch {
		case taken && part.FileName() != "":
			if files[name] != nil {
				return nil, fault.New(fault.Invalid, "Validation failed: "+name+" was sent twice")
			}
			if files[name], err = u.keep(part, name, limit); err != nil {
				delete(files, name)
				return nil, err
			}
		case part.FileName() != "":
			return nil, fault.New(fault.Invalid, "Validation failed: "+name+" is a file, and this server does not take uploads here")
		default:
			value, err := io.ReadAll(io.LimitReader(part, maxPart+1))
			if err != nil {
				return nil, bodyFault(err)
			}
			if size += len(value); len(value) > maxPart || size > MaxBody || len(fields) > maxFields {
				return nil, fault.New(fault.TooLarge, "The fields of the form are too large")
			}
			if name != "" {
				fields = append(fields, pair{name, string(value)})
			}
		}
	}
}

func (u Upload) keep(part io.Reader, name string, limit int64) (*os.File, error) {
	file, err := os.CreateTemp(u.Folder, "upload-")
	if err != nil {
		return nil, fmt.Errorf("receive file: %w", err)
	}
	n, err := io.Copy(file, io.LimitReader(part, limit+1))
	var disk *os.PathError
	switch {
	case err == nil && n > limit:
		err = fault.New(fault.Invalid, fmt.Sprintf("Validation failed: %s must be at most %d MB", name, limit>>20))
	case err == nil:
		_, err = file.Seek(0, io.SeekStart)
	case errors.As(err, &disk): // not the client's fault
		err = fmt.Errorf("receive file: %w", err)
	default:
		err = bodyFault(err)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return file, nil
}
