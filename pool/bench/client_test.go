//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// loginLine logs a worker in; its number is to be filled in.
const loginLine = `{"id":1,"method":"login","params":{"login":"wallet.w%v","pass":"x","agent":"XMRig/6.26.0"}}`

// client is a miner, as small as can be.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	buf  []byte
	id   int

	rpcID string
	job   job
	nonce uint32
}

// job is what a client knows of a job.
type job struct {
	id   string
	blob []byte
}

// extra and height are to be seen in the blob.
func (j *job) extra() uint64  { return binary.BigEndian.Uint64(j.blob[extraAt:]) }
func (j *job) height() uint64 { return binary.BigEndian.Uint64(j.blob[heightAt:]) }

// wireJob is a job as it is written.
type wireJob struct {
	JobID string `json:"job_id"`
	Blob  string `json:"blob"`
}

// connect connects and logs in. from is the last byte of the loopback address
// to come from, so that there are ports enough.
func connect(address, worker string, from byte, buffer int) (*client, error) {
	dialer := net.Dialer{Timeout: time.Minute, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, r: bufio.NewReaderSize(conn, buffer), id: 1}
	if err := c.login(worker); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) login(worker string) error {
	if _, err := fmt.Fprintf(c.conn, loginLine+"\n", worker); err != nil {
		return err
	}
	line, err := c.r.ReadBytes('\n')
	if err != nil {
		return err
	}
	var answer struct {
		Result struct {
			ID  string  `json:"id"`
			Job wireJob `json:"job"`
		} `json:"result"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return err
	}
	if answer.Result.ID == "" {
		return fmt.Errorf("login refused: %s", line)
	}
	c.rpcID = answer.Result.ID
	return c.take(answer.Result.Job)
}

func (c *client) take(w wireJob) (err error) {
	c.job.id = w.JobID
	if c.job.blob, err = hex.DecodeString(w.Blob); err == nil && len(c.job.blob) != blobSize {
		err = errors.New("a blob of another size")
	}
	return err
}

// share makes a share of the present job with the next nonce, as a line.
func (c *client) share() []byte {
	c.nonce++
	binary.BigEndian.PutUint32(c.job.blob[nonceAt:], c.nonce)
	digest := sha256.Sum256(c.job.blob)
	return c.submitLine(c.job.blob[nonceAt:nonceAt+4], digest[:])
}

func (c *client) submitLine(nonce, digest []byte) []byte {
	c.id++
	b := append(c.buf[:0], `{"id":`...)
	b = strconv.AppendInt(b, int64(c.id), 10)
	b = append(append(append(b, `,"method":"submit","params":{"id":"`...), c.rpcID...), `","job_id":"`...)
	b = append(append(b, c.job.id...), `","nonce":"`...)
	b = append(hex.AppendEncode(b, nonce), `","result":"`...)
	b = append(hex.AppendEncode(b, digest), "\"}}\n"...)
	c.buf = b
	return b
}

// errRefused is an answer that is not OK.
var errRefused = errors.New("a share was refused")

// answer reads lines until one answers a share, and takes jobs on the way. It
// may change the job.
func (c *client) answer() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		switch {
		case bytes.Contains(line, []byte(`"OK"`)):
			return nil
		case bytes.Contains(line, []byte(`"method":"job"`)):
			var push struct {
				Params wireJob `json:"params"`
			}
			if err := json.Unmarshal(line, &push); err != nil {
				return err
			}
			if err := c.take(push.Params); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: %s", errRefused, line)
		}
	}
}

// gone reports whether an error is that of a pool that was killed.
func gone(err error) bool {
	var network *net.OpError
	return errors.Is(err, io.EOF) || errors.As(err, &network)
}
