package config

// relax makes plain JSON of text with // and /* */ comments and with commas
// before closing brackets: it writes spaces in their place, so that positions
// stay what they were.
func relax(text []byte) []byte {
	out := make([]byte, len(text))
	copy(out, text)
	comma := -1 // of the last comma with nothing but space after it
	for i := 0; i < len(out); {
		switch end := skipped(out, i); {
		case end > i:
			blank(out[i:end])
			i = end
			continue
		case out[i] == '"':
			i, comma = stringEnd(out, i), -1
			continue
		case out[i] == ',':
			comma = i
		case (out[i] == '}' || out[i] == ']') && comma >= 0:
			out[comma], comma = ' ', -1
		case out[i] != ' ' && out[i] != '\t' && out[i] != '\n' && out[i] != '\r':
			comma = -1
		}
		i++
	}
	return out
}

// skipped is where a comment that begins at i ends; i itself without one.
func skipped(text []byte, i int) int {
	if text[i] != '/' || i+1 == len(text) {
		return i
	}
	switch text[i+1] {
	case '/':
		for i < len(text) && text[i] != '\n' {
			i++
		}
	case '*':
		for i += 2; i < len(text); i++ {
			if text[i-1] == '*' && text[i] == '/' {
				return i + 1
			}
		}
	}
	return i
}

// stringEnd is where the string that begins at i ends.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// blank writes spaces, and keeps line ends.
func blank(text []byte) {
	for i, b := range text {
		if b != '\n' {
			text[i] = ' '
		}
	}
}
