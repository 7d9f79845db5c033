// Identifiers and secrets of a simulation: foreseeable, so that a seed runs the same way twice.
import Core
import Ports

/// Seals by writing plainly what was sealed. For simulations only.
public final class SimSecrets: SecretSealing, Minting, @unchecked Sendable {
  private let random: any RandomSource
  public init(random: any RandomSource) { self.random = random }

  public func uid(at now: Timestamp) -> UID {
    var generator = RandomGenerator(random)
    return UID(at: now, random: &generator)
  }
  public func token(prefix: String, length: Int) -> String {
    var text = ""
    while text.count < length { text += String(random.next(), radix: 36) }
    return prefix + text.prefix(length)
  }
  public func hash(_ plain: String) -> Value { ["$hash": .string(hash(plain)), "hint": SecretForm.hint(of: plain)] }
  public func seal(_ plain: String, context: String) throws -> Value {
    let sealed: String = try seal(plain, context: context)
    return ["$sealed": .string(sealed), "$digest": .string(hash(context + plain)), "hint": SecretForm.hint(of: plain)]
  }

  public func seal(_ plain: String, context: String) throws -> String { "\(context)|\(plain)" }
  public func open(_ sealed: String, context: String) throws -> String {
    guard sealed.hasPrefix(context + "|") else { throw Problem(.failure, code: "sealed", "This was sealed for another place.") }
    return String(sealed.dropFirst(context.count + 1))
  }
  public func hash(_ plain: String) -> String {
    String(plain.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
  }
  public func hashPassword(_ plain: String) async throws -> String { hash(plain) }
  public func verifyPassword(_ plain: String, hash: String) async throws -> Bool { self.hash(plain) == hash }
  public func randomToken(prefix: String, length: Int) -> String { token(prefix: prefix, length: length) }
}
