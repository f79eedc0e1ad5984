//! What the code that `zrpc gen --lang zig` writes stands on: protobuf's binary format, and calls over
//! zrpc's own frames on a Unix socket. For Zig 0.17.

const std = @import("std");
const frames = @import("zrpc_frames.zig");
const wire = @import("zrpc_wire.zig");

pub const Writer = wire.Writer;
pub const Reader = wire.Reader;
pub const DecodeError = wire.DecodeError;
pub const EncodeError = wire.EncodeError;
pub const append = wire.append;
pub const child = wire.child;
pub const maxDepth = wire.maxDepth;

pub const Call = frames.Call;
pub const CallError = frames.CallError;
pub const CallOptions = frames.CallOptions;
pub const Code = frames.Code;
pub const Connection = frames.Connection;
pub const Failure = frames.Failure;
pub const Pair = frames.Pair;

/// The bytes of a message; the caller frees them.
pub fn encode(gpa: std.mem.Allocator, message: anytype) EncodeError![]u8 {
    var writer: Writer = .init(gpa);
    errdefer writer.deinit();
    try message.zrpcEncode(&writer);
    return writer.finish();
}

/// The message of these bytes. Its strings and lists are in the arena and last as long.
pub fn decode(comptime T: type, arena: std.mem.Allocator, bytes: []const u8) DecodeError!T {
    var message: T = .{};
    var reader: Reader = .init(bytes);
    try message.zrpcDecode(arena, &reader);
    return message;
}

/// A call with one request and one response, which is in the arena.
pub fn unary(
    comptime Response: type,
    connection: *Connection,
    path: []const u8,
    arena: std.mem.Allocator,
    request: anytype,
    options: CallOptions,
) (CallError || DecodeError)!Response {
    var stream: Stream(@TypeOf(request.*), Response) = try .open(connection, path, options);
    defer stream.deinit();
    try stream.sendLast(request);
    return stream.only(arena);
}

/// A call with streams: `send` and `closeSend` for the requests, `receive` for the responses.
pub fn Stream(comptime Request: type, comptime Response: type) type {
    return struct {
        call: *Call,

        const Self = @This();

        pub fn open(connection: *Connection, path: []const u8, options: CallOptions) CallError!Self {
            return .{ .call = try connection.open(path, options) };
        }

        /// Waits until the server takes it. A call that the server has ended takes nothing.
        pub fn send(self: Self, request: *const Request) CallError!void {
            return self.sendFlagged(request, false);
        }

        /// The same for the last request, or the only one.
        pub fn sendLast(self: Self, request: *const Request) CallError!void {
            return self.sendFlagged(request, true);
        }

        fn sendFlagged(self: Self, request: *const Request, last: bool) CallError!void {
            const gpa = self.call.connection.gpa;
            const bytes = try encode(gpa, request);
            defer gpa.free(bytes);
            return self.call.send(bytes, last);
        }

        /// No further request comes.
        pub fn closeSend(self: Self) CallError!void {
            return self.call.closeSend();
        }

        /// The next response, in the arena; null at the end.
        pub fn receive(self: Self, arena: std.mem.Allocator) (CallError || DecodeError)!?Response {
            const bytes = try self.call.receive() orelse return null;
            defer self.call.connection.gpa.free(bytes);
            return try decode(Response, arena, bytes);
        }

        /// The one response of a call that has one.
        pub fn only(self: Self, arena: std.mem.Allocator) (CallError || DecodeError)!Response {
            const response = try self.receive(arena) orelse return error.ProtocolError;
            if (try self.receive(arena) != null) return error.ProtocolError;
            return response;
        }

        /// Ends the call, if it is not over, and frees it.
        pub fn deinit(self: Self) void {
            self.call.deinit();
        }
    };
}
