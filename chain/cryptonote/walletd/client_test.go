package walletd_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote/walletd"
)

const hash = "aebb47d5a975f0ac0c27806b7abf9107adbd7a8a0c7c8ea91ca363eacda7f79c"

// service answers the next call and keeps what was asked.
type service struct {
	*walletd.Client
	t      *testing.T
	answer string
	asked  struct {
		ID       int             `json:"id"`
		Password string          `json:"password"`
		Method   string          `json:"method"`
		Params   json.RawMessage `json:"params"`
	}
}

func newService(t *testing.T) *service {
	s := &service{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if json.NewDecoder(r.Body).Decode(&s.asked) != nil {
			return
		}
		w.Write([]byte(`{"jsonrpc":"2.0","id":` + strconv.Itoa(s.asked.ID) + `,` + s.answer + `}`))
	}))
	t.Cleanup(server.Close)
	client, err := walletd.New(walletd.Config{URL: server.URL, Password: "secret"})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	s.Client = client
	return s
}

func (s *service) says(answer string) *service {
	s.answer = answer
	return s
}

func (s *service) wasAsked(method, params string) {
	s.t.Helper()
	require.Equal(s.t, "secret", s.asked.Password, "the password stands beside the method")
	require.Equal(s.t, method, s.asked.Method)
	require.JSONEq(s.t, params, string(s.asked.Params))
}

func TestCalls(t *testing.T) {
	s := newService(t)
	b, err := s.says(`"result":{"availableBalance":5,"lockedAmount":7}`).Balance(t.Context())
	require.NoError(t, err)
	require.Equal(t, walletd.Balance{Available: 5, Locked: 7}, b)
	s.wasAsked("getBalance", `{}`)

	status, err := s.says(`"result":{"blockCount":10,"knownBlockCount":11,"peerCount":8}`).Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, walletd.Status{BlockCount: 10, KnownBlockCount: 11}, status)

	got, err := s.says(`"result":{"transactionHash":"`+hash+`"}`).CreateDelayed(t.Context(), walletd.Payment{
		Transfers: []walletd.Transfer{{Address: "TRTL", Amount: 100}}, Fee: 10, Anonymity: 3, PaymentID: "ab",
	})
	require.NoError(t, err)
	require.Equal(t, hash, got)
	s.wasAsked("createDelayedTransaction", `{"transfers":[{"address":"TRTL","amount":100}],"fee":10,"anonymity":3,"paymentId":"ab"}`)

	require.NoError(t, s.says(`"result":{}`).SendDelayed(t.Context(), hash))
	s.wasAsked("sendDelayedTransaction", `{"transactionHash":"`+hash+`"}`)
	require.NoError(t, s.DeleteDelayed(t.Context(), hash))
	s.wasAsked("deleteDelayedTransaction", `{"transactionHash":"`+hash+`"}`)

	hashes, err := s.says(`"result":{"transactionHashes":["` + hash + `"]}`).DelayedHashes(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{hash}, hashes)

	tx, err := s.says(`"result":{"transaction":{"transactionHash":"`+hash+`","state":0,"blockIndex":4294967295,"fee":10,
		"amount":-110,"paymentId":"","transfers":[{"address":"me","amount":-110,"type":0},{"address":"TRTL","amount":100,"type":0}]}}`).
		Transaction(t.Context(), hash)
	require.NoError(t, err)
	require.False(t, tx.InBlock())
	require.Equal(t, []walletd.Transfer{{Address: "me", Amount: -110}, {Address: "TRTL", Amount: 100}}, tx.Transfers)
	s.wasAsked("getTransaction", `{"transactionHash":"`+hash+`"}`)
}

func TestRefusals(t *testing.T) {
	s := newService(t)
	for answer, want := range map[string]error{
		`"error":{"code":-32604,"message":"Invalid or no rpc password"}`:                               walletd.ErrPassword,
		`"error":{"code":-32601,"message":"Method not found"}`:                                         walletd.ErrNoMethod,
		`"error":{"code":-32000,"message":"Requested object not found","data":{"application_code":7}}`: walletd.ErrNotFound,
		`"error":{"code":-32000,"message":"Transaction size is too big"}`:                              walletd.ErrTooLarge,
		`"error":{"code":-32000,"message":"Wrong amount"}`:                                             walletd.ErrNotEnough,
		`"error":{"code":-32000,"message":"Bad address"}`:                                              walletd.ErrAddress,
		`"error":{"code":-32000,"message":"Wrong payment id format"}`:                                  walletd.ErrPaymentID,
	} {
		err := s.says(answer).SendDelayed(t.Context(), hash)
		require.ErrorIs(t, err, want, answer)
	}
	var refused *walletd.Error
	require.ErrorAs(t, s.says(`"error":{"code":-32000,"message":"Network error"}`).SendDelayed(t.Context(), hash), &refused)
	require.NoError(t, refused.Kind)
}

// TestNonsense covers answers that must not be taken for a result.
func TestNonsense(t *testing.T) {
	s := newService(t)
	for _, answer := range []string{`"result":{}`, `"result":{"transactionHash":"ab"}`, `"result":{"transactionHash":"` + hash[:62] + `zz"}`, `"result":7`} {
		_, err := s.says(answer).CreateDelayed(t.Context(), walletd.Payment{})
		require.Error(t, err, answer)
	}
	for _, answer := range []string{`"result":{}`, `"result":{"transaction":{"transactionHash":"other"}}`} {
		_, err := s.says(answer).Transaction(t.Context(), hash)
		require.ErrorContains(t, err, "not about", answer)
	}
	_, err := walletd.New(walletd.Config{URL: "nowhere"})
	require.Error(t, err)
}
