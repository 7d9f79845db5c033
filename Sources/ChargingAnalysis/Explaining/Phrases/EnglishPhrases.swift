// Explanations in English.

enum EnglishPhrases {
  static let all: [Phrase: String] = [
    .found:
      "{count} anomaly was found in this session, with a score of {score} % and a confidence of {confidence} %.|{count} anomalies were found in this session, with a score of {score} % and a confidence of {confidence} %.",
    .none: "No anomaly was found in this session; the score is {score} %, the confidence {confidence} %.",
    .session: "The session ran from {start} to {end} ({duration} min) and delivered {energy} kWh.",
    .sessionWithoutEnergy: "The session ran from {start} to {end} ({duration} min); no energy register was reported.",
    .peak: "The highest power was {peak} kW.",
    .charge: "The state of charge went from {from} % to {to} %.",
    .battery: "Energy and state of charge together point to a battery of about {battery} kWh.",
    .chargeUnknown: "No state of charge was reported.",
    .powerUnknown: "No power was reported.",
    .energyUnknown: "No energy register was reported.",
    .reconstructed:
      "{count} value was not measured but reconstructed by the sender.|{count} values were not measured but reconstructed by the sender.",
    .computedCharge:
      "The state of charge was computed from the energy for {count} moment.|The state of charge was computed from the energy for {count} moments.",
    .incident: "This counts as an incident.",
    .recurring: "It is recurring: this connector has shown it before ({names}).",
    .notRecurring: "This connector has not shown the same anomaly in its recent sessions.",
    .score: "The score is {score} %, the confidence {confidence} %.",
    .and: "and",
    .nothingOfCharge: "Nothing about the state of charge looks wrong.",
    .nothingOfEnergy: "Nothing about the energy looks wrong.",
    .nothingOfPower: "Nothing about the power looks wrong.",
    .nothingOfTime: "No gap and no jump of the clock was found.",
    .sayFall: "The energy register fell by {fallKwh} kWh, from {fromKwh} kWh to {toKwh} kWh, between {start} and {end}.",
    .sayPit:
      "Between {start} and {end} the energy register counted {deliveredKwh} kWh, although the power must have made {expectedKwh} kWh.",
    .sayPitUntold:
      "Between {start} and {end} no energy was reported for {minutes} min, although power flowed (about {expectedKwh} kWh).",
    .sayMismatch: "Between {start} and {end} {deliveredKwh} kWh were counted, where the measured power makes {expectedKwh} kWh.",
    .sayCharge: "The state of charge fell by {socFall} points, from {socFrom} % to {socTo} %, between {start} and {end}.",
    .sayChargeEnergy:
      "The state of charge fell by {socFall} points, from {socFrom} % to {socTo} %, between {start} and {end}, while {deliveredKwh} kWh were delivered.",
    .sayGap: "No value arrived for {minutes} min, from {start} to {end}; usually one comes every {usualMinutes} min.",
    .saySpike: "The power reached {powerKw} kW between {start} and {end}, where {usualKw} kW were usual.",
    .saySpikeLimit: "The power reached {powerKw} kW between {start} and {end}, above the limit of {limitKw} kW.",
    .sayStuckPower: "The power stayed at exactly {powerKw} kW for {minutes} min ({values} values), from {start} to {end}.",
    .sayStuckCharge:
      "The state of charge stayed at {socFrom} % for {minutes} min, from {start} to {end}, although the energy should have brought it to {socExpected} %.",
    .sayClockForward:
      "The clock jumped forwards by about {jumpMinutes} min between {start} and {end}: the energy counted there fits a much shorter time.",
    .sayClockBack:
      "The clock jumped back by about {jumpMinutes} min between {start} and {end}: readings from before and after lie over each other.",
    .adviceKwhDecrease: "Check the meter and do not bill this session before that.",
    .adviceEnergyPit: "Check the meter and its connection: energy may be missing from the bill.",
    .advicePowerEnergyMismatch: "Check the units and the calibration of the meter.",
    .adviceSocDrop: "Check what the car reports: the value may be misread, or the car changed.",
    .adviceDataGap: "Check the station's connection at that time.",
    .advicePowerSpike: "Check the power measurement; if it is right, the connector was overloaded.",
    .adviceStuckValue: "Check whether the meter or its gateway repeats an old value.",
    .adviceClockJump: "Check the station's clock and its time synchronisation.",
    .adviceNone: "Nothing needs to be done.",
    .nameKwhDecrease: "falling energy register", .nameEnergyPit: "energy pit",
    .namePowerEnergyMismatch: "power and energy that disagree",
    .nameSocDrop: "falling state of charge", .nameDataGap: "data gap", .namePowerSpike: "power spike",
    .nameStuckValue: "stuck value",
    .nameClockJump: "clock jump",
  ]
}
