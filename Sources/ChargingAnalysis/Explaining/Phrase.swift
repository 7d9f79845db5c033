// The sentences of an explanation, by name. `{name}` stands for a number or word; `one|many` are the forms of a count.

enum Phrase: String, CaseIterable, Hashable, Sendable {
  case found, none, session, sessionWithoutEnergy, peak, charge, battery, chargeUnknown, powerUnknown, energyUnknown
  case reconstructed, computedCharge, incident, recurring, notRecurring, score, and
  case nothingOfCharge, nothingOfEnergy, nothingOfPower, nothingOfTime
  case sayFall, sayPit, sayPitUntold, sayMismatch, sayCharge, sayChargeEnergy, sayGap, saySpike, saySpikeLimit, sayStuckPower,
    sayStuckCharge
  case sayClockForward, sayClockBack
  case adviceKwhDecrease, adviceEnergyPit, advicePowerEnergyMismatch, adviceSocDrop, adviceDataGap, advicePowerSpike,
    adviceStuckValue
  case adviceClockJump, adviceNone
  case nameKwhDecrease, nameEnergyPit, namePowerEnergyMismatch, nameSocDrop, nameDataGap, namePowerSpike, nameStuckValue,
    nameClockJump
}

extension AnomalyCategory {
  var namePhrase: Phrase {
    switch self {
    case .kwhDecrease: .nameKwhDecrease
    case .energyPit: .nameEnergyPit
    case .powerEnergyMismatch: .namePowerEnergyMismatch
    case .socDrop: .nameSocDrop
    case .dataGap: .nameDataGap
    case .powerSpike: .namePowerSpike
    case .stuckValue: .nameStuckValue
    case .clockJump: .nameClockJump
    }
  }

  var advicePhrase: Phrase {
    switch self {
    case .kwhDecrease: .adviceKwhDecrease
    case .energyPit: .adviceEnergyPit
    case .powerEnergyMismatch: .advicePowerEnergyMismatch
    case .socDrop: .adviceSocDrop
    case .dataGap: .adviceDataGap
    case .powerSpike: .advicePowerSpike
    case .stuckValue: .adviceStuckValue
    case .clockJump: .adviceClockJump
    }
  }
}
