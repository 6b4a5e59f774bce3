// Goroutines and channels, GOMAXPROCS=2. The bound is the channel's own: a send waits while 100 items are in it. Where
// never more than one message waits (ring, spawn, idle) a channel has room for one, since Go allocates the room beforehand.
//
//	pipeline chain fanin pingpong ring spawn idle
//	taskgroup   1,000 goroutines wait for a context; one cancels it
//	echo lines  in go_streams.go
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bound           = 100
	consumers       = 8
	producers       = 8
	stages          = 10
	ringSize        = 1000
	taskgroupRounds = 21
)

// totals are what a workload reports of the items 0 .. n-1: how many there were, and what they add up to.
type totals struct{ count, sum int64 }

func (t *totals) add(item int64) {
	t.count++
	t.sum += item
}

func allOf(n int64) totals { return totals{n, n * (n - 1) / 2} }

// result is what a workload did; took is 0 where the clock runs from start to end.
type result struct {
	got    totals
	took   time.Duration
	figure string
}

func fail(code int, words ...any) {
	fmt.Fprintln(os.Stderr, words...)
	os.Exit(code)
}

func statusKB(key string) int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, key) {
			kb, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return kb
		}
	}
	return 0
}

func produce(to chan<- int64, from, end int64) {
	for i := from; i < end; i++ {
		to <- i
	}
}

func drain(from <-chan int64) (got totals) {
	for item := range from {
		got.add(item)
	}
	return got
}

func pipeline(n int64) result {
	queue := make(chan int64, bound)
	go func() {
		produce(queue, 0, n)
		close(queue)
	}()
	results := make(chan totals)
	for k := 0; k < consumers; k++ {
		go func() { results <- drain(queue) }()
	}
	var all totals
	for k := 0; k < consumers; k++ {
		got := <-results
		all.count += got.count
		all.sum += got.sum
	}
	return result{got: all}
}

func chain(n int64) result {
	first := make(chan int64, bound)
	last := first
	for k := 0; k < stages; k++ {
		in, out := last, make(chan int64, bound)
		go func() {
			for item := range in {
				out <- item
			}
			close(out)
		}()
		last = out
	}
	go func() {
		produce(first, 0, n)
		close(first)
	}()
	return result{got: drain(last)}
}

func fanin(n int64) result {
	queue := make(chan int64, bound)
	part := n / producers
	var running sync.WaitGroup
	for k := int64(0); k < producers; k++ {
		k := k
		running.Add(1)
		go func() {
			produce(queue, k*part, (k+1)*part)
			running.Done()
		}()
	}
	go func() {
		running.Wait()
		close(queue)
	}()
	return result{got: drain(queue)}
}

func pingpong(n int64) result {
	type call struct {
		item  int64
		reply chan int64
	}
	queue := make(chan call, bound)
	go func() {
		for c := range queue {
			c.reply <- c.item
		}
	}()
	reply := make(chan int64, 1)
	var got totals
	for i := int64(0); i < n; i++ {
		queue <- call{i, reply}
		got.add(<-reply)
	}
	close(queue)
	return result{got: got}
}

func ring(n int64) result {
	ended := make(chan int64)
	links := make([]chan int64, ringSize)
	for k := range links {
		links[k] = make(chan int64, 1)
	}
	for k := int64(0); k < ringSize; k++ {
		k, in, out := k, links[k], links[(k+1)%ringSize]
		go func() {
			for token := range in {
				if token == 0 {
					ended <- k
					return
				}
				out <- token - 1
			}
		}()
	}
	began := time.Now()
	links[0] <- n
	place := <-ended
	took := time.Since(began)
	if place != n%ringSize {
		fail(1, "WRONG RESULT: the token ended at another goroutine")
	}
	return result{got: allOf(n), took: took} // the token counted its hops itself
}

func spawn(n int64) result {
	var got totals
	var running sync.WaitGroup
	running.Add(int(n))
	for i := int64(0); i < n; i++ {
		inbox := make(chan int64, 1)
		go func() {
			atomic.AddInt64(&got.sum, <-inbox)
			atomic.AddInt64(&got.count, 1)
			running.Done()
		}()
		inbox <- i
	}
	running.Wait()
	return result{got: got}
}

func idle(n int64) result {
	var got totals
	before := statusKB("VmRSS")
	began := time.Now()
	inboxes := make([]chan int64, n)
	var started, running sync.WaitGroup
	started.Add(int(n))
	running.Add(int(n))
	for i := range inboxes {
		inbox := make(chan int64, 1)
		inboxes[i] = inbox
		go func() {
			started.Done()
			atomic.AddInt64(&got.sum, <-inbox)
			atomic.AddInt64(&got.count, 1)
			running.Done()
		}()
	}
	started.Wait()
	took := time.Since(began)
	figure := fmt.Sprintf("bytes_per=%d", (statusKB("VmRSS")-before)*1024/n)
	for i := range inboxes {
		inboxes[i] <- int64(i)
	}
	running.Wait()
	return result{got, took, figure}
}

func taskgroup(n int64) result {
	rounds := make([]time.Duration, taskgroupRounds)
	for r := range rounds {
		ctx, cancel := context.WithCancel(context.Background())
		var started, running sync.WaitGroup
		var failedAt time.Time
		fail := make(chan bool)
		started.Add(int(n))
		running.Add(int(n))
		for i := int64(0); i < n; i++ {
			i := i
			go func() {
				defer running.Done()
				started.Done()
				if i == n/2 {
					<-fail
					failedAt = time.Now()
					cancel()
					return
				}
				<-ctx.Done()
			}()
		}
		started.Wait()
		time.Sleep(2 * time.Millisecond) // until all is quiet
		fail <- true
		running.Wait() // counts all n
		rounds[r] = time.Since(failedAt)
		cancel()
	}
	sort.Slice(rounds, func(a, b int) bool { return rounds[a] < rounds[b] })
	median := rounds[len(rounds)/2]
	return result{allOf(n), median, fmt.Sprintf("us=%d", median.Microseconds())}
}

func main() {
	runtime.GOMAXPROCS(2)
	workloads := map[string]func(int64) result{
		"pipeline": pipeline, "chain": chain, "fanin": fanin, "pingpong": pingpong,
		"ring": ring, "spawn": spawn, "idle": idle, "taskgroup": taskgroup,
		"echo": echo, "lines": lines,
	}
	if len(os.Args) < 3 {
		fail(2, "usage:", os.Args[0], "WORKLOAD N")
	}
	name := os.Args[1]
	n, _ := strconv.ParseInt(os.Args[2], 10, 64)
	if name == "fanin" {
		n = n / producers * producers
	}
	run := workloads[name]
	if run == nil {
		fail(2, "no workload", name)
	}
	if n < 1 {
		fail(2, "N is a number from 1 on (fanin: 8)")
	}
	began := time.Now()
	did := run(n)
	took := time.Since(began)
	if did.took != 0 {
		took = did.took
	}
	if did.got != allOf(n) {
		fail(1, "WRONG RESULT", did.got)
	}
	s := took.Seconds()
	fmt.Printf("go %s %d %.6f %.0f %d %s\n", name, n, s, float64(n)/s, statusKB("VmHWM"), did.figure)
}
