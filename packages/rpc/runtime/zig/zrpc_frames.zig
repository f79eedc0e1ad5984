//! Calls over zrpc's own frames on a Unix socket. A connection belongs to one thread; its calls may be
//! open at the same time, and are carried on while any of them waits.

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const max_message_bytes = 4 * 1024 * 1024;
pub const max_metadata_bytes = 16 * 1024;
pub const stream_window_bytes = 256 * 1024;
pub const connection_window_bytes = 4 * 1024 * 1024;
pub const max_streams = 1_000;

const header_bytes = 10;
const initial_window = 65_536;
const max_stream = 0x7fff_ffff;

const Type = enum(u8) { settings, header, message, end, cancel, credit, ping, goaway, _ };

const flag_path = 0x01;
const flag_last = 0x01;
const flag_ack = 0x01;
const flags_compressed = 0x06;

pub const CallError = Allocator.Error || error{
    /// The server, or this side, ended the call with a status: see `Failure`.
    CallFailed,
    /// Nobody listens, or the connection broke.
    ConnectionLost,
    /// The server sent what it may not.
    ProtocolError,
};

/// gRPC's codes. https://grpc.io/docs/guides/status-codes/
pub const Code = enum(u8) {
    ok,
    canceled,
    unknown,
    invalid_argument,
    deadline_exceeded,
    not_found,
    already_exists,
    permission_denied,
    resource_exhausted,
    failed_precondition,
    aborted,
    out_of_range,
    unimplemented,
    internal,
    unavailable,
    data_loss,
    unauthenticated,
    _,
};

/// Why a call failed. It holds what it shows of the message.
pub const Failure = struct {
    code: Code = .ok,
    buffer: [1_024]u8 = undefined,
    length: usize = 0,

    pub fn message(self: *const Failure) []const u8 {
        return self.buffer[0..self.length];
    }

    fn set(self: *Failure, code: Code, text: []const u8) void {
        self.code = code;
        self.length = @min(text.len, self.buffer.len);
        @memcpy(self.buffer[0..self.length], text[0..self.length]);
    }
};

/// Metadata: a name in lower case, and its value. Names that end in `-bin` have bytes.
pub const Pair = struct { name: []const u8, value: []const u8 };

pub const CallOptions = struct {
    /// The server ends the call after this time; 0 for never.
    timeout_ms: u32 = 0,
    metadata: []const Pair = &.{},
    /// Is told why the call failed. It lives as long as the call.
    failure: ?*Failure = null,
};

pub const Connection = struct {
    gpa: Allocator,
    io: std.Io,
    stream: std.Io.net.Stream,
    reader: std.Io.net.Stream.Reader,
    writer: std.Io.net.Stream.Writer,
    read_buffer: [16 * 1024]u8 = undefined,
    write_buffer: [16 * 1024]u8 = undefined,
    calls: std.ArrayList(*Call) = .empty,
    methods: std.ArrayList([]const u8) = .empty,
    next_stream: u32 = 1,
    window: i64 = initial_window,
    credit: i64 = initial_window,
    consumed: u32 = 0,
    max_message: usize = max_message_bytes,
    max_calls: usize = max_streams,
    is_ready: bool = false,
    is_closing: bool = false,

    /// Connects to the socket at `path`; `deinit` ends the connection.
    pub fn connect(gpa: Allocator, io: std.Io, path: []const u8) CallError!*Connection {
        const address = std.Io.net.UnixAddress.init(path) catch return error.ConnectionLost;
        const stream = address.connect(io) catch return error.ConnectionLost;
        errdefer stream.close(io);
        const self = try gpa.create(Connection);
        errdefer gpa.destroy(self);
        self.* = .{ .gpa = gpa, .io = io, .stream = stream, .reader = undefined, .writer = undefined };
        self.reader = stream.reader(io, &self.read_buffer);
        self.writer = stream.writer(io, &self.write_buffer);
        var settings: [21]u8 = "zrpc\x01".* ++ @as([16]u8, @splat(0));
        for ([_]u32{
            max_message_bytes, stream_window_bytes, connection_window_bytes, max_streams,
        }, 0..) |limit, index| {
            std.mem.writeInt(u32, settings[5 + 4 * index ..][0..4], limit, .big);
        }
        try self.write(.settings, 0, 0, &.{&settings});
        while (!self.is_ready) try self.carryOn();
        return self;
    }

    /// Ends the connection. Its calls are to be ended before.
    pub fn deinit(self: *Connection) void {
        self.stream.close(self.io);
        for (self.methods.items) |path| self.gpa.free(path);
        self.methods.deinit(self.gpa);
        self.calls.deinit(self.gpa);
        self.gpa.destroy(self);
    }

    /// Begins a call of a method, `/package.Service/Method`; `deinit` of the call frees it.
    pub fn open(self: *Connection, path: []const u8, options: CallOptions) CallError!*Call {
        if (self.is_closing or self.next_stream > max_stream) return error.ConnectionLost;
        if (self.calls.items.len >= self.max_calls) {
            if (options.failure) |failure| failure.set(.resource_exhausted, "too many calls are open");
            return error.CallFailed;
        }
        var head: std.ArrayList(u8) = .empty;
        defer head.deinit(self.gpa);
        const flags = try self.methodHead(&head, path);
        try appendVarint(self.gpa, &head, options.timeout_ms);
        for (options.metadata) |pair| {
            try appendBlock(self.gpa, &head, pair.name);
            try appendBlock(self.gpa, &head, pair.value);
        }
        const call = try self.gpa.create(Call);
        errdefer self.gpa.destroy(call);
        call.* = .{
            .connection = self,
            .id = self.next_stream,
            .credit = self.window,
            .failure = options.failure,
        };
        try self.calls.append(self.gpa, call);
        errdefer _ = self.calls.pop();
        self.next_stream += 2;
        try self.write(.header, call.id, flags, &.{head.items});
        return call;
    }

    /// The number of a method; the first time also its path.
    fn methodHead(self: *Connection, head: *std.ArrayList(u8), path: []const u8) CallError!u8 {
        for (self.methods.items, 1..) |known, number| {
            if (!std.mem.eql(u8, known, path)) continue;
            try appendVarint(self.gpa, head, number);
            return 0;
        }
        const is_kept = self.methods.items.len < max_streams;
        if (is_kept) {
            const copy = try self.gpa.dupe(u8, path);
            errdefer self.gpa.free(copy);
            try self.methods.append(self.gpa, copy);
        }
        try appendVarint(self.gpa, head, if (is_kept) self.methods.items.len else 0);
        try appendBlock(self.gpa, head, path);
        return flag_path;
    }

    fn write(
        self: *Connection,
        kind: Type,
        stream: u32,
        flags: u8,
        payload: []const []const u8,
    ) CallError!void {
        var length: usize = 0;
        for (payload) |part| length += part.len;
        var header: [header_bytes]u8 = undefined;
        std.mem.writeInt(u32, header[0..4], @intCast(length), .big);
        header[4] = @backingInt(kind);
        std.mem.writeInt(u32, header[5..9], stream, .big);
        header[9] = flags;
        const out = &self.writer.interface;
        out.writeAll(&header) catch return error.ConnectionLost;
        for (payload) |part| out.writeAll(part) catch return error.ConnectionLost;
        out.flush() catch return error.ConnectionLost;
    }

    /// Waits for the next frame and does what it says.
    fn carryOn(self: *Connection) CallError!void {
        const in = &self.reader.interface;
        const header = in.takeArray(header_bytes) catch return error.ConnectionLost;
        const length = std.mem.readInt(u32, header[0..4], .big);
        const kind: Type = @fromBackingInt(@intCast(header[4]));
        const stream = std.mem.readInt(u32, header[5..9], .big);
        const flags = header[9];
        if (length > max_message_bytes) return error.ProtocolError;
        const payload = try self.gpa.alloc(u8, length);
        var is_kept = false;
        defer if (!is_kept) self.gpa.free(payload);
        in.readSliceAll(payload) catch return error.ConnectionLost;
        if (kind == .settings) return self.onSettings(payload);
        if (!self.is_ready) return error.ProtocolError;
        const call = self.find(stream);
        switch (kind) {
            .message => if (call) |open_call| {
                if (flags & flags_compressed != 0) return error.ProtocolError;
                try open_call.messages.append(self.gpa, payload);
                is_kept = true;
                if (flags & flag_last != 0) open_call.is_over = true;
            } else try self.giveBack(length + header_bytes),
            .end => if (call) |open_call| try open_call.onEnd(payload),
            .credit => {
                if (length != 4) return error.ProtocolError;
                const amount = std.mem.readInt(u32, payload[0..4], .big);
                if (stream == 0) self.credit += amount else if (call) |open_call| open_call.credit += amount;
            },
            .ping => if (flags & flag_ack == 0) try self.write(.ping, 0, flag_ack, &.{payload}),
            .goaway => self.onGoaway(payload),
            .header, .cancel => {},
            else => return error.ProtocolError,
        }
    }

    fn onSettings(self: *Connection, payload: []const u8) CallError!void {
        if (payload.len != 21 or !std.mem.startsWith(u8, payload, "zrpc\x01") or self.is_ready) {
            return error.ProtocolError;
        }
        self.max_message = @min(max_message_bytes, std.mem.readInt(u32, payload[5..9], .big));
        self.window = std.mem.readInt(u32, payload[9..13], .big);
        self.credit += @as(i64, std.mem.readInt(u32, payload[13..17], .big)) - initial_window;
        self.max_calls = std.mem.readInt(u32, payload[17..21], .big);
        self.is_ready = true;
    }

    fn onGoaway(self: *Connection, payload: []const u8) void {
        self.is_closing = true;
        const last = if (payload.len < 4) 0 else std.mem.readInt(u32, payload[0..4], .big);
        for (self.calls.items) |call| {
            if (call.id > last) call.fail(.unavailable, "the server is closing");
        }
    }

    fn find(self: *Connection, stream: u32) ?*Call {
        for (self.calls.items) |call| {
            if (call.id == stream and !call.is_over) return call;
        }
        return null;
    }

    /// Lets the server send as much again as was read.
    fn giveBack(self: *Connection, cost: usize) CallError!void {
        self.consumed += @intCast(cost);
        if (self.consumed * 2 < connection_window_bytes) return;
        try self.writeCredit(0, self.consumed);
        self.consumed = 0;
    }

    fn writeCredit(self: *Connection, stream: u32, amount: u32) CallError!void {
        try self.write(.credit, stream, 0, &.{&std.mem.toBytes(std.mem.nativeToBig(u32, amount))});
    }
};

pub const Call = struct {
    connection: *Connection,
    id: u32,
    credit: i64,
    failure: ?*Failure,
    messages: std.ArrayList([]u8) = .empty,
    /// Of `messages`, how many were taken.
    taken: usize = 0,
    consumed: u32 = 0,
    is_over: bool = false,
    has_failed: bool = false,

    /// Sends a message as soon as the server has room for it. A call that is over takes nothing.
    pub fn send(self: *Call, bytes: []const u8, last: bool) CallError!void {
        const connection = self.connection;
        if (bytes.len > connection.max_message) {
            self.fail(.resource_exhausted, "the message is longer than the server takes");
            return self.cancelled(.resource_exhausted);
        }
        while (!self.is_over and (self.credit <= 0 or connection.credit <= 0)) {
            try connection.carryOn();
        }
        if (self.is_over) return;
        const cost: i64 = @intCast(bytes.len + header_bytes);
        self.credit -= cost;
        connection.credit -= cost;
        try connection.write(.message, self.id, if (last) flag_last else 0, &.{bytes});
    }

    pub fn closeSend(self: *Call) CallError!void {
        if (!self.is_over) try self.connection.write(.end, self.id, 0, &.{});
    }

    /// The next message, which the caller frees with the connection's allocator; null at the end.
    pub fn receive(self: *Call) CallError!?[]u8 {
        while (self.taken == self.messages.items.len and !self.is_over) try self.connection.carryOn();
        if (self.taken == self.messages.items.len) {
            if (self.has_failed) return error.CallFailed;
            return null;
        }
        const message = self.messages.items[self.taken];
        self.taken += 1;
        if (self.taken == self.messages.items.len) {
            self.messages.clearRetainingCapacity();
            self.taken = 0;
        }
        errdefer self.connection.gpa.free(message);
        try self.giveBack(message.len + header_bytes);
        return message;
    }

    /// Tells the server that the call is of no interest any more.
    pub fn cancel(self: *Call) void {
        if (self.is_over) return;
        self.fail(.canceled, "the call was canceled");
        self.cancelled(.canceled) catch {};
    }

    /// Ends the call, if it is not over, and frees it.
    pub fn deinit(self: *Call) void {
        self.cancel();
        const connection = self.connection;
        for (connection.calls.items, 0..) |call, index| {
            if (call != self) continue;
            _ = connection.calls.swapRemove(index);
            break;
        }
        self.drop();
        self.messages.deinit(connection.gpa);
        connection.gpa.destroy(self);
    }

    fn giveBack(self: *Call, cost: usize) CallError!void {
        try self.connection.giveBack(cost);
        self.consumed += @intCast(cost);
        if (self.is_over or self.consumed * 2 < stream_window_bytes) return;
        try self.connection.writeCredit(self.id, self.consumed);
        self.consumed = 0;
    }

    fn onEnd(self: *Call, payload: []const u8) CallError!void {
        if (payload.len == 0) {
            self.is_over = true;
            return;
        }
        var at: usize = 1;
        const length = try readVarint(payload, &at);
        if (length > payload.len - at) return error.ProtocolError;
        const code: Code = @fromBackingInt(@intCast(payload[0]));
        if (code == .ok) {
            self.is_over = true;
        } else {
            self.fail(code, payload[at..][0..length]);
        }
    }

    /// The call is over; what came and was not read is gone.
    fn fail(self: *Call, code: Code, text: []const u8) void {
        if (self.is_over) return;
        self.is_over = true;
        self.has_failed = true;
        if (self.failure) |failure| failure.set(code, text);
        self.drop();
    }

    fn drop(self: *Call) void {
        for (self.messages.items[self.taken..]) |message| {
            self.connection.giveBack(message.len + header_bytes) catch {};
            self.connection.gpa.free(message);
        }
        self.messages.clearRetainingCapacity();
        self.taken = 0;
    }

    fn cancelled(self: *Call, code: Code) CallError!void {
        try self.connection.write(.cancel, self.id, 0, &.{&.{@backingInt(code)}});
        if (code != .canceled) return error.CallFailed;
    }
};

fn appendVarint(gpa: Allocator, bytes: *std.ArrayList(u8), value: u64) Allocator.Error!void {
    var rest = value;
    while (rest > 0x7f) : (rest >>= 7) try bytes.append(gpa, @as(u8, @truncate(rest)) | 0x80);
    try bytes.append(gpa, @truncate(rest));
}

fn appendBlock(gpa: Allocator, bytes: *std.ArrayList(u8), value: []const u8) Allocator.Error!void {
    try appendVarint(gpa, bytes, value.len);
    try bytes.appendSlice(gpa, value);
}

fn readVarint(bytes: []const u8, at: *usize) CallError!usize {
    var value: usize = 0;
    var shift: u6 = 0;
    while (shift < 35) : (shift += 7) {
        if (at.* == bytes.len) return error.ProtocolError;
        const byte = bytes[at.*];
        at.* += 1;
        value |= @as(usize, byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    return error.ProtocolError;
}
