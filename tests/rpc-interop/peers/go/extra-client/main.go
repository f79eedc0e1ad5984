// Cases that the client of google.golang.org/grpc/interop does not have: compression, as far as
// grpc-go can choose and see it, and metadata that changes with every call.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const (
	requestBytes  = 271828
	responseBytes = 314159
)

// Which of the messages that came in were compressed.
type flags struct{ seen []bool }

func (*flags) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*flags) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*flags) HandleConn(context.Context, stats.ConnStats)                       {}
func (f *flags) HandleRPC(_ context.Context, event stats.RPCStats) {
	if in, ok := event.(*stats.InPayload); ok {
		f.seen = append(f.seen, in.CompressedLength != in.Length)
	}
}

type runner struct {
	client testpb.TestServiceClient
	flags  *flags
}

func main() {
	target := flag.String("target", "", "host:port")
	authority := flag.String("ca_file", "", "PEM; with it the connection is TLS")
	cases := flag.String("cases", "", "names, separated by commas")
	flag.Parse()
	seen := &flags{}
	connection, err := grpc.NewClient(*target,
		grpc.WithTransportCredentials(credentialsFrom(*authority)), grpc.WithStatsHandler(seen))
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	r := runner{testpb.NewTestServiceClient(connection), seen}
	all := map[string]func(context.Context) error{
		"client_compressed_unary":     r.clientCompressedUnary,
		"server_compressed_unary":     r.serverCompressedUnary,
		"server_compressed_streaming": r.serverCompressedStreaming,
		"random_metadata":             r.randomMetadata,
	}
	for _, name := range strings.Split(*cases, ",") {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		result := map[string]string{"case": name}
		if err := all[name](ctx); err != nil {
			result["fault"] = err.Error()
		}
		cancel()
		line, _ := json.Marshal(result)
		fmt.Println(string(line))
	}
}

func credentialsFrom(path string) credentials.TransportCredentials {
	if path == "" {
		return insecure.NewCredentials()
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return credentials.NewTLS(&tls.Config{RootCAs: roots})
}

func largeRequest() *testpb.SimpleRequest {
	return &testpb.SimpleRequest{
		ResponseSize: responseBytes,
		Payload:      &testpb.Payload{Body: make([]byte, requestBytes)},
	}
}

func (r *runner) clientCompressedUnary(ctx context.Context) error {
	call := func(expected bool, options ...grpc.CallOption) error {
		request := largeRequest()
		request.ExpectCompressed = &testpb.BoolValue{Value: expected}
		response, err := r.client.UnaryCall(ctx, request, options...)
		if err != nil {
			return err
		}
		return checkBody(response.Payload, responseBytes)
	}
	if code := status.Code(call(true)); code != codes.InvalidArgument {
		return fmt.Errorf("the probe ended with %v", code)
	}
	if err := call(true, grpc.UseCompressor(gzip.Name)); err != nil {
		return err
	}
	return call(false)
}

func (r *runner) serverCompressedUnary(ctx context.Context) error {
	for _, compressed := range []bool{true, false} {
		request := largeRequest()
		request.ResponseCompressed = &testpb.BoolValue{Value: compressed}
		r.flags.seen = nil
		response, err := r.client.UnaryCall(ctx, request)
		if err != nil {
			return err
		}
		if err := checkBody(response.Payload, responseBytes); err != nil {
			return err
		}
		if fmt.Sprint(r.flags.seen) != fmt.Sprint([]bool{compressed}) {
			return fmt.Errorf("compressed: %v, asked for %v", r.flags.seen, compressed)
		}
	}
	return nil
}

func (r *runner) serverCompressedStreaming(ctx context.Context) error {
	sizes := []int32{31415, 92653}
	r.flags.seen = nil
	stream, err := r.client.StreamingOutputCall(ctx, &testpb.StreamingOutputCallRequest{
		ResponseParameters: []*testpb.ResponseParameters{
			{Size: sizes[0], Compressed: &testpb.BoolValue{Value: true}},
			{Size: sizes[1], Compressed: &testpb.BoolValue{Value: false}},
		},
	})
	if err != nil {
		return err
	}
	for _, size := range sizes {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := checkBody(response.Payload, int(size)); err != nil {
			return err
		}
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("after the last response: %v", err)
	}
	if fmt.Sprint(r.flags.seen) != "[true false]" {
		return fmt.Errorf("compressed: %v, asked for [true false]", r.flags.seen)
	}
	return nil
}

// Values of all lengths, so that both tables of HPACK drop entries, and literals of all printable
// characters.
func (r *runner) randomMetadata(ctx context.Context) error {
	random := rand.New(rand.NewSource(1))
	for range 300 {
		text := make([]byte, 1+random.Intn(1<<random.Intn(12)))
		for i := range text {
			text[i] = byte(0x21 + random.Intn(0x7e-0x21))
		}
		raw := make([]byte, random.Intn(200))
		random.Read(raw)
		ctx := metadata.AppendToOutgoingContext(ctx,
			"x-grpc-test-echo-initial", string(text), "x-grpc-test-echo-trailing-bin", string(raw))
		var header, trailer metadata.MD
		request := &testpb.SimpleRequest{ResponseSize: 1}
		if _, err := r.client.UnaryCall(ctx, request, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
			return err
		}
		if got := header.Get("x-grpc-test-echo-initial"); len(got) != 1 || got[0] != string(text) {
			return fmt.Errorf("sent %q, got %q", text, got)
		}
		if got := trailer.Get("x-grpc-test-echo-trailing-bin"); len(got) != 1 || !bytes.Equal([]byte(got[0]), raw) {
			return fmt.Errorf("sent %x, got %x", raw, got)
		}
	}
	return nil
}

func checkBody(payload *testpb.Payload, size int) error {
	body := payload.GetBody()
	if len(body) != size || len(bytes.Trim(body, "\x00")) != 0 {
		return fmt.Errorf("the payload is not %d zeros", size)
	}
	return nil
}
