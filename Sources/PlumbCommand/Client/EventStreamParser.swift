// Reads server-sent events from bytes as they come.

struct EventStreamParser {
  struct Event: Equatable {
    var name: String
    var data: String
    var id: String?
  }

  /// A line longer than this is cut: events of the native API are smaller.
  static let lineBytes = 16 << 20
  private var line: [UInt8] = []
  private var name = "message"
  private var data: [String] = []
  private var id: String?

  /// The events that these bytes complete.
  mutating func feed(_ bytes: [UInt8]) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      if byte != 10 {
        if line.count < Self.lineBytes { line.append(byte) }
        continue
      }
      if line.last == 13 { line.removeLast() }
      if let event = take(String(decoding: line, as: UTF8.self)) { events.append(event) }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func take(_ text: String) -> Event? {
    if text.isEmpty {
      defer {
        name = "message"
        data = []
      }
      return data.isEmpty ? nil : Event(name: name, data: data.joined(separator: "\n"), id: id)
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var value = parts.count > 1 ? parts[1] : ""
    if value.hasPrefix(" ") { value = value.dropFirst() }
    switch parts[0] {
    case "event": name = String(value)
    case "data": data.append(String(value))
    case "id": id = String(value)
    default: break
    }
    return nil
  }
}
