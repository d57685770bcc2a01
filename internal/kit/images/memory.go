package images

// memory estimates the most that is held at once while the picture is made into the wanted sizes. What a size becomes is not yet
// known to have an alpha or not, so four bytes a pixel are reckoned where the format may have one.
func (h Header) memory(sizes []Size) int64 {
	each := int64(4)
	if h.Format == JPEG && h.colours == nil {
		each = 2
	}
	width, height := h.Upright()
	need, made, most := h.decoded+h.working, int64(0), int64(0)
	for _, s := range sizes {
		_, w, height := s.of(width, height)
		out := int64(w) * int64(height) * each
		made, most = made+out, max(most, out)
	}
	if h.Format == GIF {
		need += 4 * h.Pixels()
	}
	// Besides the pictures: one of them turned, and the files as they grow.
	return need + made + most + 1<<20
}
