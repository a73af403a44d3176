package cryptonote

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Payment ids have 16 hex digits, which make a standard address an integrated
// one, or 64, which older coins put into the transaction.
const (
	shortID = 16
	longID  = 64
)

// Payee is whom to send money to, and how.
type Payee struct {
	Address   string
	PaymentID string // 64 hex digits, or ""
	// Alone: a transaction has room for one payment id, so this payee gets one
	// of its own.
	Alone bool
}

// IsLongPaymentID reports whether a text is a payment id of 64 hex digits.
func IsLongPaymentID(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == longID
}

// ParsePayee reads whom to pay: an address of the network, with a payment id
// behind one of . + # where there is one. Errors are for the payee.
func (n Network) ParsePayee(login string) (Payee, error) {
	text, id := login, ""
	if at := strings.IndexAny(login, ".+#"); at >= 0 {
		text, id = login[:at], strings.ToLower(login[at+1:])
	}
	address, kind, err := n.ParseAddress(text)
	if err != nil {
		return Payee{}, err
	}
	if text == login {
		return Payee{Address: login, Alone: kind == IntegratedAddress}, nil
	}
	raw, err := hex.DecodeString(id)
	if err != nil || len(id) != shortID && len(id) != longID {
		return Payee{}, fmt.Errorf("payment id %.70q: it must be %d or %d hex digits", id, shortID, longID)
	}
	if kind != StandardAddress {
		return Payee{}, fmt.Errorf("a payment id goes with a standard address, this is a %s", kind)
	}
	if len(id) == longID && n.Coin == "Monero" {
		return Payee{}, errors.New("payment ids of 64 hex digits are no more in Monero: use an integrated address")
	}
	if len(id) == longID {
		return Payee{Address: text, PaymentID: id, Alone: true}, nil
	}
	if n.Integrated == 0 {
		return Payee{}, errors.New("this coin has no integrated addresses: its payment ids have 64 hex digits")
	}
	address.Prefix, address.PaymentID = n.Integrated, raw
	return Payee{Address: address.String(), Alone: true}, nil
}
