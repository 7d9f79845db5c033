// Sets of characters: ranges and Unicode categories.

struct PatternSet: Sendable {
  struct Category: Sendable {
    /// One letter (`L`) or two (`Lu`).
    let name: String
    let negated: Bool
  }

  private(set) var ranges: [ClosedRange<UInt32>] = []
  private(set) var categories: [Category] = []
  /// Sets within the set that are negated as wholes, such as `\D`.
  private(set) var complements: [[ClosedRange<UInt32>]] = []
  var negated = false
  var folds = false
  private var ascii: (UInt64, UInt64) = (0, 0)

  static let digits: [ClosedRange<UInt32>] = [48...57]
  static let words: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]
  static let spaces: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]

  static let named: [String: [ClosedRange<UInt32>]] = [
    "alnum": [48...57, 65...90, 97...122], "alpha": [65...90, 97...122], "ascii": [0...127], "blank": [9...9, 32...32],
    "cntrl": [0...31, 127...127], "digit": digits, "graph": [33...126], "lower": [97...122], "print": [32...126],
    "punct": [33...47, 58...64, 91...96, 123...126], "space": [9...13, 32...32], "upper": [65...90], "word": words,
    "xdigit": [48...57, 65...70, 97...102],
  ]

  mutating func add(_ range: ClosedRange<UInt32>) { ranges.append(range) }
  mutating func add(_ set: [ClosedRange<UInt32>], negated: Bool) {
    if negated { complements.append(set) } else { ranges += set }
  }
  mutating func add(_ category: Category) { categories.append(category) }

  /// Prepares the quick test of ASCII; call once, when the set is complete.
  mutating func close() {
    for c in UInt32(0)..<128 where slow(c) {
      if c < 64 { ascii.0 |= 1 << UInt64(c) } else { ascii.1 |= 1 << UInt64(c - 64) }
    }
  }

  func contains(_ c: UInt32) -> Bool {
    if c < 64 { return ascii.0 >> UInt64(c) & 1 == 1 }
    if c < 128 { return ascii.1 >> UInt64(c - 64) & 1 == 1 }
    return slow(c)
  }

  private func slow(_ c: UInt32) -> Bool {
    if has(c) { return !negated }
    if folds { for other in Self.variants(c) where has(other) { return !negated } }
    return negated
  }

  private func has(_ c: UInt32) -> Bool {
    if ranges.contains(where: { $0.contains(c) }) { return true }
    if complements.contains(where: { !$0.contains { $0.contains(c) } }) { return true }
    guard !categories.isEmpty, let scalar = Unicode.Scalar(c) else { return false }
    let name = scalar.properties.generalCategory.shortName
    return categories.contains { name.hasPrefix($0.name) != $0.negated }
  }

  /// The other cases of a character.
  static func variants(_ c: UInt32) -> [UInt32] {
    guard let scalar = Unicode.Scalar(c) else { return [] }
    let properties = scalar.properties
    return [properties.lowercaseMapping, properties.uppercaseMapping, properties.titlecaseMapping].compactMap { text in
      let scalars = text.unicodeScalars
      guard scalars.count == 1, let only = scalars.first?.value, only != c else { return nil }
      return only
    }
  }
}

extension Unicode.GeneralCategory {
  /// The two letters of the Unicode standard.
  var shortName: String {
    switch self {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }

  static let shortNames: Set<String> = [
    "L", "M", "N", "P", "S", "Z", "C", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
    "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]
}
