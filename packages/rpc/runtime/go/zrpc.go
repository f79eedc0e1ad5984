// Package zrpc carries the stubs of protoc-gen-go-grpc over zrpc's own frames on a Unix socket.
//
//	conn, err := zrpc.Dial(ctx, "/run/app.sock")
//	greeter := pb.NewGreeterClient(conn)
//
// A Conn stands wherever a *grpc.ClientConn does; of call options it knows grpc.Header and
// grpc.Trailer. It may be used by several goroutines.
package zrpc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// The limits of a connection, in bytes where the name says so.
const (
	MaxMessageBytes       = 4 * 1024 * 1024
	MaxMetadataBytes      = 16 * 1024
	StreamWindowBytes     = 256 * 1024
	ConnectionWindowBytes = 4 * 1024 * 1024
	MaxStreams            = 1_000
	HandshakeTimeout      = 10 * time.Second
)

const (
	settingsFrame = iota
	headerFrame
	messageFrame
	endFrame
	cancelFrame
	creditFrame
	pingFrame
	goawayFrame
)

const (
	flagPath       = 0x01
	flagLast       = 0x01
	flagAck        = 0x01
	flagsCompress  = 0x06
	frameBytes     = 10
	initialWindow  = 65_536
	maxKeptMethods = 1_000
	maxStream      = 0x7fffffff
)

// Conn is a connection; it implements grpc.ClientConnInterface.
type Conn struct {
	socket  net.Conn
	writing sync.Mutex

	mu         sync.Mutex
	changed    chan struct{} // Closed and made anew whenever what mu guards changes.
	streams    map[uint32]*stream
	methods    map[string]uint32
	next       uint32
	window     int64
	credit     int64
	consumed   int64
	maxMessage int
	maxStreams int
	ready      bool
	fault      error
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// Dial connects to the socket at path. The error is unavailable where nobody listens.
func Dial(ctx context.Context, path string) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, HandshakeTimeout)
	defer cancel()
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, status.Errorf(codes.Unavailable, "nothing listens on %s: %v", path, err)
	}
	conn := &Conn{
		socket:     socket,
		changed:    make(chan struct{}),
		streams:    map[uint32]*stream{},
		methods:    map[string]uint32{},
		next:       1,
		window:     initialWindow,
		credit:     initialWindow,
		maxMessage: MaxMessageBytes,
		maxStreams: MaxStreams,
	}
	settings := []byte("zrpc\x01")
	for _, limit := range []uint32{
		MaxMessageBytes, StreamWindowBytes, ConnectionWindowBytes, MaxStreams,
	} {
		settings = binary.BigEndian.AppendUint32(settings, limit)
	}
	if err := conn.write(settingsFrame, 0, 0, settings); err != nil {
		return nil, err
	}
	go conn.read()
	if err := conn.await(ctx, func() bool { return conn.ready }); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Close ends the connection; calls that are open fail with canceled.
func (c *Conn) Close() error {
	c.fail(status.Error(codes.Canceled, "the connection was closed"))
	return nil
}

// Invoke makes a call with one request and one response.
func (c *Conn) Invoke(
	ctx context.Context, method string, args, reply any, opts ...grpc.CallOption,
) error {
	s, err := c.open(ctx, method)
	if err != nil {
		return err
	}
	defer s.report(opts)
	if err := s.send(args, flagLast); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.RecvMsg(reply); err != nil {
		if errors.Is(err, io.EOF) {
			return status.Error(codes.Internal, "the server ended the call without a response")
		}
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	return nil
}

// NewStream begins a call of any kind.
func (c *Conn) NewStream(
	ctx context.Context, _ *grpc.StreamDesc, method string, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	s, err := c.open(ctx, method)
	if err != nil {
		return nil, err
	}
	s.options = opts
	return s, nil
}

func (c *Conn) open(ctx context.Context, method string) (*stream, error) {
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	pairs := encodePairs(ctx)
	if len(pairs) > MaxMetadataBytes {
		return nil, status.Errorf(codes.ResourceExhausted, "metadata is over %d bytes", MaxMetadataBytes)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil {
		return nil, c.fault
	}
	if len(c.streams) >= c.maxStreams {
		return nil, status.Errorf(codes.ResourceExhausted, "%d calls are open already", c.maxStreams)
	}
	if c.next > maxStream {
		return nil, status.Error(codes.Unavailable, "the connection has no more streams; dial again")
	}
	s := &stream{conn: c, ctx: ctx, id: c.next, credit: c.window}
	c.next += 2
	c.streams[s.id] = s
	var head []byte
	number, known := c.methods[method]
	flags := byte(0)
	if !known {
		flags = flagPath
		if len(c.methods) < maxKeptMethods {
			number = uint32(len(c.methods) + 1)
			c.methods[method] = number
		}
		head = binary.AppendUvarint(head, uint64(number))
		head = appendBlock(head, method)
	} else {
		head = binary.AppendUvarint(head, uint64(number))
	}
	head = binary.AppendUvarint(head, timeout(ctx))
	if err := c.write(headerFrame, s.id, flags, append(head, pairs...)); err != nil {
		delete(c.streams, s.id)
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() {
		s.abandon(status.FromContextError(ctx.Err()).Err())
	})
	return s, nil
}

// timeout is the time to the deadline in milliseconds; 0 without one.
func timeout(ctx context.Context) uint64 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return uint64(min(max(time.Until(deadline).Milliseconds(), 1), 0xffffffff))
}

func encodePairs(ctx context.Context) []byte {
	var pairs []byte
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	for name, values := range outgoing {
		for _, value := range values {
			pairs = appendBlock(appendBlock(pairs, strings.ToLower(name)), value)
		}
	}
	return pairs
}

func appendBlock(bytes []byte, value string) []byte {
	return append(binary.AppendUvarint(bytes, uint64(len(value))), value...)
}

func (c *Conn) write(kind byte, stream uint32, flags byte, payload []byte) error {
	frame := make([]byte, frameBytes, frameBytes+len(payload))
	binary.BigEndian.PutUint32(frame, uint32(len(payload)))
	frame[4] = kind
	binary.BigEndian.PutUint32(frame[5:], stream)
	frame[9] = flags
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.socket.Write(append(frame, payload...)); err != nil {
		return status.Errorf(codes.Unavailable, "the connection broke: %v", err)
	}
	return nil
}

// await waits until the condition, which is asked under mu, holds.
func (c *Conn) await(ctx context.Context, holds func() bool) error {
	for {
		c.mu.Lock()
		done, fault, changed := holds(), c.fault, c.changed
		c.mu.Unlock()
		if done {
			return nil
		}
		if fault != nil {
			return fault
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// notify tells those who wait that something has changed; mu is held.
func (c *Conn) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// giveBack lets the peer send as much again as was read; mu is held.
func (c *Conn) giveBack(cost int64) {
	c.consumed += cost
	if c.consumed*2 >= ConnectionWindowBytes {
		_ = c.write(creditFrame, 0, 0, binary.BigEndian.AppendUint32(nil, uint32(c.consumed)))
		c.consumed = 0
	}
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.fault == nil {
		c.fault = err
	}
	for _, s := range c.streams {
		s.finish(err)
	}
	c.notify()
	c.mu.Unlock()
	_ = c.socket.Close()
}

func (c *Conn) read() {
	header := make([]byte, frameBytes)
	for {
		if _, err := io.ReadFull(c.socket, header); err != nil {
			c.fail(status.Errorf(codes.Unavailable, "the connection broke: %v", err))
			return
		}
		length := binary.BigEndian.Uint32(header)
		if length > MaxMessageBytes {
			c.fail(status.Errorf(codes.ResourceExhausted, "a frame of %d bytes is too long", length))
			return
		}
		payload := make([]byte, length)
		if _, err := io.ReadFull(c.socket, payload); err != nil {
			c.fail(status.Errorf(codes.Unavailable, "the connection broke: %v", err))
			return
		}
		c.mu.Lock()
		err := c.onFrame(header[4], binary.BigEndian.Uint32(header[5:]), header[9], payload)
		c.notify()
		c.mu.Unlock()
		if err != nil {
			c.fail(status.Errorf(codes.Internal, "the server sent what it may not: %v", err))
			return
		}
	}
}

// onFrame takes in a frame; mu is held.
func (c *Conn) onFrame(kind byte, id uint32, flags byte, payload []byte) error {
	if kind == settingsFrame {
		return c.onSettings(payload)
	}
	if !c.ready {
		return errors.New("a frame before SETTINGS")
	}
	s := c.streams[id]
	switch kind {
	case headerFrame:
		if s == nil {
			return nil
		}
		pairs, err := (&reader{payload}).pairs()
		s.header, s.hasHeader = pairs, true
		return err
	case messageFrame:
		if s == nil {
			c.giveBack(int64(len(payload) + frameBytes))
			return nil
		}
		return s.onMessage(flags, payload)
	case endFrame:
		if s == nil {
			return nil
		}
		return s.onEnd(&reader{payload})
	case creditFrame:
		if len(payload) != 4 {
			return errors.New("a CREDIT without an amount")
		}
		amount := int64(binary.BigEndian.Uint32(payload))
		if id == 0 {
			c.credit += amount
		} else if s != nil {
			s.credit += amount
		}
	case pingFrame:
		if flags&flagAck == 0 {
			return c.write(pingFrame, 0, flagAck, payload)
		}
	case goawayFrame:
		return c.onGoaway(payload)
	case cancelFrame:
	default:
		return fmt.Errorf("a frame of the unknown type %d", kind)
	}
	return nil
}

func (c *Conn) onSettings(payload []byte) error {
	if len(payload) != 21 || string(payload[:5]) != "zrpc\x01" || c.ready {
		return errors.New("no SETTINGS of version 1")
	}
	u32 := func(at int) int64 { return int64(binary.BigEndian.Uint32(payload[at:])) }
	c.maxMessage = min(MaxMessageBytes, int(u32(5)))
	c.window = u32(9)
	c.credit += u32(13) - initialWindow
	c.maxStreams = int(u32(17))
	c.ready = true
	return nil
}

func (c *Conn) onGoaway(payload []byte) error {
	if len(payload) < 5 {
		return errors.New("a GOAWAY without a reason")
	}
	last := binary.BigEndian.Uint32(payload)
	err := status.Errorf(codes.Unavailable, "the server is closing: %s", payload[5:])
	for id, s := range c.streams {
		if id > last {
			s.finish(err)
		}
	}
	c.maxStreams = 0
	return nil
}

// stream is a call; it implements grpc.ClientStream.
type stream struct {
	conn    *Conn
	ctx     context.Context
	id      uint32
	options []grpc.CallOption
	stop    func() bool

	// Guarded by conn.mu.
	credit    int64
	consumed  int64
	messages  [][]byte
	header    metadata.MD
	hasHeader bool
	trailer   metadata.MD
	over      bool
	err       error
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) Header() (metadata.MD, error) {
	err := s.conn.await(s.ctx, func() bool { return s.hasHeader || s.over })
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if err == nil && !s.hasHeader {
		err = s.err
	}
	return s.header, err
}

func (s *stream) Trailer() metadata.MD {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.trailer
}

func (s *stream) SendMsg(message any) error { return s.send(message, 0) }

func (s *stream) CloseSend() error {
	s.conn.mu.Lock()
	over := s.over
	s.conn.mu.Unlock()
	if over {
		return nil
	}
	return s.conn.write(endFrame, s.id, 0, nil)
}

func (s *stream) send(message any, flags byte) error {
	payload, err := proto.Marshal(message.(proto.Message))
	if err != nil {
		return s.abandon(status.Errorf(codes.Internal, "the request cannot be encoded: %v", err))
	}
	if len(payload) > s.conn.maxMessage {
		return s.abandon(status.Errorf(
			codes.ResourceExhausted, "the message has %d bytes, more than %d",
			len(payload), s.conn.maxMessage,
		))
	}
	cost := int64(len(payload) + frameBytes)
	over := false
	err = s.conn.await(s.ctx, func() bool {
		over = s.over
		if over || s.credit <= 0 || s.conn.credit <= 0 {
			return over
		}
		s.credit -= cost
		s.conn.credit -= cost
		return true
	})
	if err != nil {
		return s.abandon(err)
	}
	if over {
		return io.EOF
	}
	return s.conn.write(messageFrame, s.id, flags, payload)
}

func (s *stream) RecvMsg(message any) error {
	payload, err := s.receive()
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(payload, message.(proto.Message)); err != nil {
		return s.abandon(status.Errorf(codes.Internal, "the response cannot be decoded: %v", err))
	}
	return nil
}

// receive waits for a message; io.EOF is the end of a call that went well.
func (s *stream) receive() ([]byte, error) {
	err := s.conn.await(s.ctx, func() bool { return len(s.messages) > 0 || s.over })
	if err != nil {
		return nil, s.abandon(err)
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if len(s.messages) == 0 {
		s.reportHeld(s.options)
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	payload := s.messages[0]
	s.messages = s.messages[1:]
	cost := int64(len(payload) + frameBytes)
	s.conn.giveBack(cost)
	s.consumed += cost
	if !s.over && s.consumed*2 >= StreamWindowBytes {
		credit := binary.BigEndian.AppendUint32(nil, uint32(s.consumed))
		_ = s.conn.write(creditFrame, s.id, 0, credit)
		s.consumed = 0
	}
	return payload, nil
}

// end waits for the end of a call whose only response has come.
func (s *stream) end() error {
	_, err := s.receive()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		return s.abandon(status.Error(codes.Internal, "the server sent more than one response"))
	}
	return err
}

// abandon ends the call from this side and tells the server; it returns the error.
func (s *stream) abandon(err error) error {
	s.conn.mu.Lock()
	if s.over {
		s.conn.mu.Unlock()
		return err
	}
	s.finish(err)
	s.conn.notify()
	s.conn.mu.Unlock()
	reason := append([]byte{byte(status.Code(err))}, status.Convert(err).Message()...)
	_ = s.conn.write(cancelFrame, s.id, 0, reason)
	return err
}

// finish ends the call; conn.mu is held.
func (s *stream) finish(err error) {
	if s.over {
		return
	}
	s.over = true
	s.err = err
	delete(s.conn.streams, s.id)
	if s.stop != nil {
		s.stop()
	}
}

func (s *stream) onMessage(flags byte, payload []byte) error {
	if flags&flagsCompress != 0 {
		return errors.New("a compressed message that was not asked for")
	}
	s.messages = append(s.messages, payload)
	if flags&flagLast != 0 {
		s.finish(nil)
	}
	return nil
}

func (s *stream) onEnd(payload *reader) error {
	if len(payload.rest) == 0 {
		s.finish(nil)
		return nil
	}
	code, err := payload.u8()
	if err != nil {
		return err
	}
	message, err := payload.block()
	if err != nil {
		return err
	}
	details, err := payload.block()
	if err != nil {
		return err
	}
	if s.trailer, err = payload.pairs(); err != nil {
		return err
	}
	if code == 0 {
		s.finish(nil)
		return nil
	}
	s.messages = nil
	s.finish(statusError(codes.Code(code), string(message), details))
	return nil
}

func statusError(code codes.Code, message string, details []byte) error {
	var detailed spb.Status
	if len(details) > 0 && proto.Unmarshal(details, &detailed) == nil {
		detailed.Code, detailed.Message = int32(code), message
		return status.FromProto(&detailed).Err()
	}
	return status.Error(code, message)
}

// report gives the header and the trailer to the options that want them.
func (s *stream) report(options []grpc.CallOption) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.reportHeld(options)
}

func (s *stream) reportHeld(options []grpc.CallOption) {
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			*option.HeaderAddr = s.header
		case grpc.TrailerCallOption:
			*option.TrailerAddr = s.trailer
		}
	}
}

// reader reads the payload of a frame.
type reader struct{ rest []byte }

var errShort = errors.New("a frame that ends too early")

func (r *reader) take(length uint64) ([]byte, error) {
	if length > uint64(len(r.rest)) {
		return nil, errShort
	}
	taken := r.rest[:length]
	r.rest = r.rest[length:]
	return taken, nil
}

func (r *reader) u8() (byte, error) {
	taken, err := r.take(1)
	if err != nil {
		return 0, err
	}
	return taken[0], nil
}

func (r *reader) block() ([]byte, error) {
	length, read := binary.Uvarint(r.rest)
	if read <= 0 {
		return nil, errShort
	}
	r.rest = r.rest[read:]
	return r.take(length)
}

func (r *reader) pairs() (metadata.MD, error) {
	pairs := metadata.MD{}
	for len(r.rest) > 0 {
		name, err := r.block()
		if err != nil {
			return nil, err
		}
		value, err := r.block()
		if err != nil {
			return nil, err
		}
		pairs.Append(string(name), string(value))
	}
	return pairs, nil
}
