// One event of a `text/event-stream` body (the HTML standard, server-sent events).

public struct ServerSentEvent: Sendable {
  public var id: String?
  public var event: String?
  public var data: String
  /// Milliseconds a client waits before it connects again.
  public var retry: Int?

  public init(id: String? = nil, event: String? = nil, data: String, retry: Int? = nil) {
    self.id = id
    self.event = event
    self.data = data
    self.retry = retry
  }

  /// The event's lines and the empty line that ends it. Line ends in `data` make further data lines; elsewhere they become
  /// spaces, so that no text can forge a field.
  public var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(data.utf8.count + 64)
    if let id { field("id", id, to: &out) }
    if let event { field("event", event, to: &out) }
    if let retry { field("retry", String(retry), to: &out) }
    out.append(contentsOf: "data: ".utf8)
    var previous: UInt8 = 0
    for byte in data.utf8 {
      switch byte {
      case 10 where previous == 13: break
      case 10, 13: out.append(contentsOf: "\ndata: ".utf8)
      default: out.append(byte)
      }
      previous = byte
    }
    out.append(contentsOf: "\n\n".utf8)
    return out
  }

  private func field(_ name: String, _ value: String, to out: inout [UInt8]) {
    out.append(contentsOf: name.utf8)
    out.append(contentsOf: ": ".utf8)
    for byte in value.utf8 { out.append(byte == 10 || byte == 13 || byte == 0 ? 32 : byte) }
    out.append(10)
  }
}
