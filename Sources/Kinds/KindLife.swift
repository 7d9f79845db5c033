// What becomes of a kind's objects: deletion and keeping, drift, runs, effects that plans tell, revisions, events.
import Core
import Expressions

extension KindSpec {
  public struct Lifecycle: Sendable {
    public var soft = false
    /// How long a soft-deleted object, a finished run or a record is kept. Nil: for good.
    public var keep: Duration?
    public var protect: CELProgram?
    public var confirm = false
    /// A change of any immutable field but the name makes a manifest's object be replaced.
    public var replace = false
    /// How long versions that were replaced are kept; nil: as long as the installation says.
    public var history: Duration?
    public init() {}
  }

  /// How drift is seen: how often the controller looks, and whether it mends or only reports.
  public struct Observe: Sendable {
    public enum OnDrift: String, Sendable { case correct, report }
    public var every: Duration
    public var onDrift: OnDrift
    /// How its world is looked at, for people.
    public var how: String?
    public init(every: Duration, onDrift: OnDrift, how: String? = nil) {
      self.how = how
      self.every = every
      self.onDrift = onDrift
    }
  }

  public struct Run: Sendable {
    public var timeout: Duration
    public var attempts: Int
    public var keep: Duration?
    /// Waits for a decision while this is true.
    public var gate: CELProgram?
    /// The decision was no.
    public var reject: CELProgram?
    /// What is asked of a service; nil: a controller does it.
    public var call: RunCall?
    public init(timeout: Duration, attempts: Int, keep: Duration?, gate: CELProgram?) {
      self.timeout = timeout
      self.attempts = attempts
      self.keep = keep
      self.gate = gate
    }
  }

  /// One call that a run is made of.
  public struct RunCall: Sendable {
    public var source: String
    public var op: String
    /// Arguments: CEL over the run's fields.
    public var with: [(String, CELProgram)]
    /// What a lost reply means.
    public var kind: Step.Class
    public var deadline: Duration
    public var place: Place?
    public init(
      source: String, op: String, with: [(String, CELProgram)], kind: Step.Class, deadline: Duration, place: Place? = nil
    ) {
      self.source = source
      self.op = op
      self.with = with
      self.kind = kind
      self.deadline = deadline
      self.place = place
    }
  }

  /// What a change makes the services do, for plans: `say` where `when` holds. Over `self` and `old`, as events are.
  public struct Effect: Sendable {
    public var when: CELProgram?
    public var say: CELProgram
    public init(when: CELProgram?, say: CELProgram) {
      self.when = when
      self.say = say
    }
  }

  /// How objects of the revision before become those of `rev`.
  public struct Migration: Sendable {
    public enum Change: Sendable {
      /// Old name, new name.
      case rename([(String, String)])
      /// Field → CEL over `value`, the field before, and `self`, the object before.
      case convert([(String, CELProgram)])
      case drop([String])
    }
    public var rev: Int
    public var change: Change
    public var place: Place?
    public init(rev: Int, change: Change, place: Place? = nil) {
      self.rev = rev
      self.change = change
      self.place = place
    }
  }

  public struct Event: Sendable {
    /// Dotted type such as `app.updated`.
    public var name: String
    /// Over `self` and `old` (null at creation; `self` is null at deletion).
    public var when: CELProgram
    public var doc: String
    /// Of a change of what is observed; the others are of changes of what is wanted.
    public var observed: Bool
    /// The root tenant hears of it too, in whatever tenant it happens.
    public var platform: Bool
    public init(name: String, when: CELProgram, doc: String, observed: Bool = false, platform: Bool = false) {
      self.name = name
      self.when = when
      self.doc = doc
      self.observed = observed
      self.platform = platform
    }
  }
}
