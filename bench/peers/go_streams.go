// Servers on loopback, a goroutine per connection; the load is stream_load, beside this program or in PEERS_BIN.
//
//	echo    reads into 16 KiB and writes that back
//	lines   bufio: a line, of at most 1,024 bytes, and the same with "ok " before it in one write
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	connections = 64
	bufferBytes = 16 * 1024
	lineBytes   = 1024
)

func serveEcho(over net.Conn) error {
	buffer := make([]byte, bufferBytes)
	for {
		came, err := over.Read(buffer)
		if err != nil {
			return err
		}
		if _, err := over.Write(buffer[:came]); err != nil {
			return err
		}
	}
}

func serveLines(over net.Conn) error {
	reader := bufio.NewReaderSize(over, lineBytes)
	answer := make([]byte, 0, lineBytes+3)
	for {
		line, err := reader.ReadSlice('\n') // fails when the buffer is full
		if err != nil {
			return err
		}
		answer = append(append(answer[:0], "ok "...), line...)
		if _, err := over.Write(answer); err != nil {
			return err
		}
	}
}

// besideThis is a program in the folder of the peers.
func besideThis(name string) string {
	folder := os.Getenv("PEERS_BIN")
	if folder == "" {
		self, _ := os.Executable()
		folder = filepath.Dir(self)
	}
	return filepath.Join(folder, name)
}

// underLoad runs a server for as long as its load takes.
func underLoad(workload string, serve func(net.Conn) error, n int64) result {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(1, err)
	}
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		for {
			over, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			running.Add(1)
			go func() {
				defer running.Done()
				serve(over)
				over.Close()
			}()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	load := exec.Command(besideThis("stream_load"), strconv.Itoa(port), workload, strconv.FormatInt(n, 10), strconv.Itoa(connections))
	load.Stderr = os.Stderr
	said, err := load.Output()
	if err != nil {
		fail(1, "stream_load:", err)
	}
	listener.Close()
	running.Wait()
	return readLoad(string(said), n)
}

func readLoad(said string, n int64) result {
	var answered int64
	var seconds, p50, p99 float64
	if _, err := fmt.Sscan(said, &answered, &seconds, &p50, &p99); err != nil || answered != n {
		fail(1, "stream_load printed", said)
	}
	return result{allOf(n), time.Duration(seconds * float64(time.Second)), fmt.Sprintf("us=%.1f p50_us=%.1f", p99, p50)}
}

func echo(n int64) result  { return underLoad("echo", serveEcho, n) }
func lines(n int64) result { return underLoad("lines", serveLines, n) }
