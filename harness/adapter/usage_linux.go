package adapter

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/conform"
)

// clockTick is the unit of processor times in /proc (USER_HZ, proc(5)).
const clockTick = time.Second / 100

// process is what /proc/PID/stat says of a process.
type process struct {
	id, parent int
	cpu        time.Duration
	threads    int
	memory     uint64
}

// Usage adds up what the pool's processes use.
func (p *Pool) Usage(context.Context) (u conform.Usage, err error) {
	all, err := p.processes()
	if err != nil {
		return u, err
	}
	for _, one := range all {
		u.CPU += one.cpu
		u.Threads += one.threads
		u.Memory += one.memory
		files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", one.id)) // none of one that has just ended
		u.Files += len(files)
	}
	return u, nil
}

// processes are the one that was started and its children.
func (p *Pool) processes() (out []process, err error) {
	if p.cmd == nil {
		return nil, conform.ErrUndeclared
	}
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		one, err := parseStat(string(text))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if one.id == p.cmd.Process.Pid {
			out = append(out, one)
		}
		children[one.parent] = append(children[one.parent], one)
	}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i].id]...)
	}
	return out, nil
}

// parseStat reads the fields of proc(5) that matter here. The command's name may
// contain anything.
func parseStat(text string) (p process, err error) {
	id, rest, ok := strings.Cut(text, " (")
	end := strings.LastIndexByte(rest, ')')
	if !ok || end < 0 {
		return p, fmt.Errorf("unexpected form")
	}
	if p.id, err = strconv.Atoi(id); err != nil {
		return p, err
	}
	fields := strings.Fields(rest[end+1:]) // from the third on
	if len(fields) < 22 {
		return p, fmt.Errorf("only %d fields", len(fields))
	}
	var numbers [22]int64
	for i := 1; i < len(numbers); i++ {
		numbers[i], _ = strconv.ParseInt(fields[i], 10, 64) // those read below are numbers
	}
	p.parent, p.threads = int(numbers[1]), int(numbers[17])
	p.cpu = time.Duration(numbers[11]+numbers[12]) * clockTick
	p.memory = uint64(max(0, numbers[21])) * uint64(os.Getpagesize())
	return p, nil
}

// Listening finds the TCP ports that the pool's processes listen at.
func (p *Pool) Listening(context.Context) ([]string, error) {
	all, err := p.processes()
	if err != nil {
		return nil, err
	}
	var open []string
	for _, one := range all {
		own := sockets(one.id)
		for _, table := range []string{"tcp", "tcp6"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", one.id, table))
			if err != nil {
				continue // it has just ended, or there is no IPv6
			}
			for at, inode := range listeners(string(text)) {
				if own[inode] && !slices.Contains(open, at) {
					open = append(open, at)
				}
			}
		}
	}
	slices.Sort(open)
	return open, nil
}

// sockets are the inodes of a process's sockets.
func sockets(id int) map[string]bool {
	own := map[string]bool{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", id)) // the pattern is right
	for _, link := range links {
		to, _ := os.Readlink(link) // it may be closed by now
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			own[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return own
}

// listeners reads a table of /proc/net: addresses that are listened at, with
// their inodes.
func listeners(table string) map[string]string {
	open := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(table))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		const listen = "0A"
		if len(fields) < 10 || fields[3] != listen {
			continue
		}
		host, port, _ := strings.Cut(fields[1], ":")
		ip, err := hex.DecodeString(host)
		number, err2 := strconv.ParseUint(port, 16, 16)
		if err != nil || err2 != nil || len(ip)%4 != 0 {
			continue
		}
		for i := 0; i < len(ip); i += 4 { // words in the machine's order
			slices.Reverse(ip[i : i+4])
		}
		open[net.JoinHostPort(net.IP(ip).String(), strconv.FormatUint(number, 10))] = fields[9]
	}
	return open
}
