//! Protobuf's binary format. https://protobuf.dev/programming-guides/encoding/

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const EncodeError = Allocator.Error;
pub const DecodeError = Allocator.Error || error{
    /// The bytes are no message of this type.
    Malformed,
    /// A string is not UTF-8.
    InvalidUtf8,
    /// Messages are nested deeper than `maxDepth`.
    TooDeep,
};

/// Messages within messages.
pub const maxDepth = 100;

pub const WireType = enum(u3) { varint, fixed64, length, start_group, end_group, fixed32, _ };

/// Appends fields. A length is put before what it counts once that is written.
pub const Writer = struct {
    gpa: Allocator,
    bytes: std.ArrayList(u8) = .empty,

    pub fn init(gpa: Allocator) Writer {
        return .{ .gpa = gpa };
    }

    pub fn deinit(self: *Writer) void {
        self.bytes.deinit(self.gpa);
    }

    /// The bytes, which the caller frees.
    pub fn finish(self: *Writer) EncodeError![]u8 {
        return self.bytes.toOwnedSlice(self.gpa);
    }

    pub fn tag(self: *Writer, number: u29, wire_type: WireType) EncodeError!void {
        try self.varint(@as(u32, number) << 3 | @backingInt(wire_type));
    }

    pub fn varint(self: *Writer, value: u64) EncodeError!void {
        var rest = value;
        while (rest > 0x7f) : (rest >>= 7) {
            try self.bytes.append(self.gpa, @as(u8, @truncate(rest)) | 0x80);
        }
        try self.bytes.append(self.gpa, @truncate(rest));
    }

    pub fn int32(self: *Writer, value: i32) EncodeError!void {
        try self.varint(@bitCast(@as(i64, value)));
    }

    pub fn int64(self: *Writer, value: i64) EncodeError!void {
        try self.varint(@bitCast(value));
    }

    pub fn uint32(self: *Writer, value: u32) EncodeError!void {
        try self.varint(value);
    }

    pub fn uint64(self: *Writer, value: u64) EncodeError!void {
        try self.varint(value);
    }

    pub fn sint32(self: *Writer, value: i32) EncodeError!void {
        try self.varint(@as(u32, @bitCast((value << 1) ^ (value >> 31))));
    }

    pub fn sint64(self: *Writer, value: i64) EncodeError!void {
        try self.varint(@bitCast((value << 1) ^ (value >> 63)));
    }

    pub fn bool_(self: *Writer, value: bool) EncodeError!void {
        try self.varint(@intFromBool(value));
    }

    pub fn fixed32(self: *Writer, value: u32) EncodeError!void {
        try self.raw(&std.mem.toBytes(std.mem.nativeToLittle(u32, value)));
    }

    pub fn fixed64(self: *Writer, value: u64) EncodeError!void {
        try self.raw(&std.mem.toBytes(std.mem.nativeToLittle(u64, value)));
    }

    pub fn sfixed32(self: *Writer, value: i32) EncodeError!void {
        try self.fixed32(@bitCast(value));
    }

    pub fn sfixed64(self: *Writer, value: i64) EncodeError!void {
        try self.fixed64(@bitCast(value));
    }

    pub fn float(self: *Writer, value: f32) EncodeError!void {
        try self.fixed32(@bitCast(value));
    }

    pub fn double(self: *Writer, value: f64) EncodeError!void {
        try self.fixed64(@bitCast(value));
    }

    /// Length and bytes, of a string, too.
    pub fn block(self: *Writer, value: []const u8) EncodeError!void {
        try self.varint(value.len);
        try self.raw(value);
    }

    pub fn raw(self: *Writer, value: []const u8) EncodeError!void {
        try self.bytes.appendSlice(self.gpa, value);
    }

    /// Begins what has a length: give the result to `end`.
    pub fn begin(self: *Writer) usize {
        return self.bytes.items.len;
    }

    pub fn end(self: *Writer, start: usize) EncodeError!void {
        var prefix: [10]u8 = undefined;
        var size: usize = 0;
        var rest: u64 = self.bytes.items.len - start;
        while (rest > 0x7f) : (rest >>= 7) {
            prefix[size] = @as(u8, @truncate(rest)) | 0x80;
            size += 1;
        }
        prefix[size] = @truncate(rest);
        try self.bytes.insertSlice(self.gpa, start, prefix[0 .. size + 1]);
    }

    pub fn message(self: *Writer, number: u29, value: anytype) EncodeError!void {
        try self.tag(number, .length);
        const start = self.begin();
        try value.zrpcEncode(self);
        try self.end(start);
    }

    pub fn group(self: *Writer, number: u29, value: anytype) EncodeError!void {
        try self.tag(number, .start_group);
        try value.zrpcEncode(self);
        try self.tag(number, .end_group);
    }
};

pub const Tag = struct { number: u32, wire_type: WireType };

/// Reads the fields of one message.
pub const Reader = struct {
    bytes: []const u8,
    at: usize = 0,
    depth: u8 = maxDepth,
    /// Where the tag read last begins.
    field_start: usize = 0,

    pub fn init(bytes: []const u8) Reader {
        return .{ .bytes = bytes };
    }

    /// The tag of the next field; null at the end.
    pub fn next(self: *Reader) DecodeError!?Tag {
        if (self.at == self.bytes.len) return null;
        self.field_start = self.at;
        const value = try self.varint();
        const number = value >> 3;
        if (number == 0 or value > std.math.maxInt(u32)) return error.Malformed;
        return .{ .number = @intCast(number), .wire_type = @fromBackingInt(@intCast(@as(u3, @truncate(value)))) };
    }

    pub fn varint(self: *Reader) DecodeError!u64 {
        var value: u64 = 0;
        var shift: u7 = 0;
        while (shift < 70) : (shift += 7) {
            if (self.at == self.bytes.len) return error.Malformed;
            const byte = self.bytes[self.at];
            self.at += 1;
            // Of the tenth byte only one bit is left.
            if (shift == 63 and byte > 1) return error.Malformed;
            value |= @as(u64, byte & 0x7f) << @intCast(shift);
            if (byte < 0x80) return value;
        }
        return error.Malformed;
    }

    pub fn int32(self: *Reader) DecodeError!i32 {
        return @truncate(@as(i64, @bitCast(try self.varint())));
    }

    pub fn int64(self: *Reader) DecodeError!i64 {
        return @bitCast(try self.varint());
    }

    pub fn uint32(self: *Reader) DecodeError!u32 {
        return @truncate(try self.varint());
    }

    pub fn uint64(self: *Reader) DecodeError!u64 {
        return self.varint();
    }

    pub fn sint32(self: *Reader) DecodeError!i32 {
        const value: u32 = @truncate(try self.varint());
        return @bitCast((value >> 1) ^ (0 -% (value & 1)));
    }

    pub fn sint64(self: *Reader) DecodeError!i64 {
        const value = try self.varint();
        return @bitCast((value >> 1) ^ (0 -% (value & 1)));
    }

    pub fn bool_(self: *Reader) DecodeError!bool {
        return try self.varint() != 0;
    }

    pub fn fixed32(self: *Reader) DecodeError!u32 {
        return std.mem.readInt(u32, (try self.take(4))[0..4], .little);
    }

    pub fn fixed64(self: *Reader) DecodeError!u64 {
        return std.mem.readInt(u64, (try self.take(8))[0..8], .little);
    }

    pub fn sfixed32(self: *Reader) DecodeError!i32 {
        return @bitCast(try self.fixed32());
    }

    pub fn sfixed64(self: *Reader) DecodeError!i64 {
        return @bitCast(try self.fixed64());
    }

    pub fn float(self: *Reader) DecodeError!f32 {
        return @bitCast(try self.fixed32());
    }

    pub fn double(self: *Reader) DecodeError!f64 {
        return @bitCast(try self.fixed64());
    }

    /// A block as it stands in the input.
    pub fn view(self: *Reader) DecodeError![]const u8 {
        const length = try self.varint();
        if (length > self.bytes.len - self.at) return error.Malformed;
        return self.take(@intCast(length));
    }

    /// A block in the arena.
    pub fn block(self: *Reader, arena: Allocator) DecodeError![]const u8 {
        return arena.dupe(u8, try self.view());
    }

    /// A block in the arena that is UTF-8.
    pub fn string(self: *Reader, arena: Allocator) DecodeError![]const u8 {
        const bytes = try self.view();
        if (!std.unicode.utf8ValidateSlice(bytes)) return error.InvalidUtf8;
        return arena.dupe(u8, bytes);
    }

    /// A reader of a block: the fields of a message, or the items of a packed list.
    pub fn nested(self: *Reader) DecodeError!Reader {
        return self.within(try self.view());
    }

    /// A reader of the fields up to the end of a group.
    pub fn group(self: *Reader, number: u32) DecodeError!Reader {
        const start = self.at;
        var end = start;
        while (true) {
            end = self.at;
            const tag = try self.next() orelse return error.Malformed;
            if (tag.wire_type != .end_group) {
                try self.skip(tag);
            } else if (tag.number == number) {
                return self.within(self.bytes[start..end]);
            } else return error.Malformed;
        }
    }

    fn within(self: *Reader, bytes: []const u8) DecodeError!Reader {
        if (self.depth == 0) return error.TooDeep;
        return .{ .bytes = bytes, .depth = self.depth - 1 };
    }

    pub fn isAtEnd(self: *const Reader) bool {
        return self.at == self.bytes.len;
    }

    /// Passes over the value of a field.
    pub fn skip(self: *Reader, tag: Tag) DecodeError!void {
        switch (tag.wire_type) {
            .varint => _ = try self.varint(),
            .fixed64 => _ = try self.take(8),
            .length => _ = try self.view(),
            .fixed32 => _ = try self.take(4),
            .start_group => {
                if (self.depth == 0) return error.TooDeep;
                self.depth -= 1;
                defer self.depth += 1;
                _ = try self.group(tag.number);
            },
            else => return error.Malformed,
        }
    }

    /// Passes over a field that the message does not have, and keeps its bytes with the others.
    pub fn keep(self: *Reader, arena: Allocator, kept: *[]const u8, tag: Tag) DecodeError!void {
        const start = self.field_start;
        try self.skip(tag);
        kept.* = try std.mem.concat(arena, u8, &.{ kept.*, self.bytes[start..self.at] });
    }

    fn take(self: *Reader, length: usize) DecodeError![]const u8 {
        if (length > self.bytes.len - self.at) return error.Malformed;
        defer self.at += length;
        return self.bytes[self.at..][0..length];
    }
};

/// Adds to a list that this function alone has made: its room is the next power of two.
pub fn append(comptime T: type, arena: Allocator, list: *[]const T, item: T) Allocator.Error!void {
    const length = list.len;
    if (length == 0 or std.math.isPowerOfTwo(length)) {
        const grown = try arena.alloc(T, @max(1, length * 2));
        @memcpy(grown[0..length], list.*);
        list.* = grown[0..length];
    }
    @constCast(list.ptr)[length] = item;
    list.* = list.ptr[0 .. length + 1];
}

/// The message of a field to decode into: the one that is there, else a new one.
pub fn child(comptime T: type, arena: Allocator, known: ?*const T) Allocator.Error!*T {
    if (known) |message| return @constCast(message);
    const made = try arena.create(T);
    made.* = .{};
    return made;
}
