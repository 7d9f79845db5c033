// Explanations in German.

enum GermanPhrases {
  static let all: [Phrase: String] = [
    .found:
      "In diesem Ladevorgang wurde {count} Auffälligkeit gefunden, mit einem Wert von {score} % und einer Sicherheit von {confidence} %.|In diesem Ladevorgang wurden {count} Auffälligkeiten gefunden, mit einem Wert von {score} % und einer Sicherheit von {confidence} %.",
    .none: "In diesem Ladevorgang wurde keine Auffälligkeit gefunden; der Wert ist {score} %, die Sicherheit {confidence} %.",
    .session: "Der Ladevorgang dauerte von {start} bis {end} ({duration} min) und lieferte {energy} kWh.",
    .sessionWithoutEnergy:
      "Der Ladevorgang dauerte von {start} bis {end} ({duration} min); ein Energiezähler wurde nicht gemeldet.",
    .peak: "Die höchste Leistung war {peak} kW.",
    .charge: "Der Ladestand ging von {from} % auf {to} %.",
    .battery: "Energie und Ladestand zusammen sprechen für eine Batterie von etwa {battery} kWh.",
    .chargeUnknown: "Ein Ladestand wurde nicht gemeldet.",
    .powerUnknown: "Eine Leistung wurde nicht gemeldet.",
    .energyUnknown: "Ein Energiezähler wurde nicht gemeldet.",
    .reconstructed:
      "{count} Wert wurde nicht gemessen, sondern vom Absender errechnet.|{count} Werte wurden nicht gemessen, sondern vom Absender errechnet.",
    .computedCharge:
      "Für {count} Zeitpunkt wurde der Ladestand aus der Energie errechnet.|Für {count} Zeitpunkte wurde der Ladestand aus der Energie errechnet.",
    .incident: "Das gilt als Vorfall.",
    .recurring: "Es wiederholt sich: dieser Anschluss hat es schon gezeigt ({names}).",
    .notRecurring: "Dieser Anschluss hat in letzter Zeit nicht dieselbe Auffälligkeit gezeigt.",
    .score: "Der Wert ist {score} %, die Sicherheit {confidence} %.",
    .and: "und",
    .nothingOfCharge: "Am Ladestand ist nichts auffällig.",
    .nothingOfEnergy: "An der Energie ist nichts auffällig.",
    .nothingOfPower: "An der Leistung ist nichts auffällig.",
    .nothingOfTime: "Es wurde keine Lücke und kein Sprung der Uhr gefunden.",
    .sayFall: "Der Energiezähler fiel zwischen {start} und {end} um {fallKwh} kWh, von {fromKwh} kWh auf {toKwh} kWh.",
    .sayPit:
      "Zwischen {start} und {end} zählte der Energiezähler {deliveredKwh} kWh, obwohl die Leistung {expectedKwh} kWh ergeben muss.",
    .sayPitUntold:
      "Zwischen {start} und {end} wurde {minutes} min lang keine Energie gemeldet, obwohl Leistung floss (etwa {expectedKwh} kWh).",
    .sayMismatch:
      "Zwischen {start} und {end} wurden {deliveredKwh} kWh gezählt, während die gemessene Leistung {expectedKwh} kWh ergibt.",
    .sayCharge: "Der Ladestand fiel zwischen {start} und {end} um {socFall} Prozentpunkte, von {socFrom} % auf {socTo} %.",
    .sayChargeEnergy:
      "Der Ladestand fiel zwischen {start} und {end} um {socFall} Prozentpunkte, von {socFrom} % auf {socTo} %, während {deliveredKwh} kWh geliefert wurden.",
    .sayGap: "Von {start} bis {end} kam {minutes} min lang kein Wert; sonst kommt alle {usualMinutes} min einer.",
    .saySpike: "Die Leistung erreichte zwischen {start} und {end} {powerKw} kW, wo {usualKw} kW üblich waren.",
    .saySpikeLimit: "Die Leistung erreichte zwischen {start} und {end} {powerKw} kW, mehr als die Grenze von {limitKw} kW.",
    .sayStuckPower: "Die Leistung blieb von {start} bis {end} {minutes} min lang bei genau {powerKw} kW ({values} Werte).",
    .sayStuckCharge:
      "Der Ladestand blieb von {start} bis {end} {minutes} min lang bei {socFrom} %, obwohl die Energie ihn auf {socExpected} % gebracht haben müsste.",
    .sayClockForward:
      "Die Uhr sprang zwischen {start} und {end} um etwa {jumpMinutes} min vor: die gezählte Energie passt zu einer viel kürzeren Zeit.",
    .sayClockBack:
      "Die Uhr sprang zwischen {start} und {end} um etwa {jumpMinutes} min zurück: Messungen von vorher und nachher liegen übereinander.",
    .adviceKwhDecrease: "Prüfen Sie den Zähler, und rechnen Sie diesen Ladevorgang vorher nicht ab.",
    .adviceEnergyPit: "Prüfen Sie den Zähler und seine Verbindung: auf der Rechnung kann Energie fehlen.",
    .advicePowerEnergyMismatch: "Prüfen Sie die Einheiten und die Kalibrierung des Zählers.",
    .adviceSocDrop: "Prüfen Sie, was das Auto meldet: der Wert kann falsch gelesen sein, oder das Auto hat gewechselt.",
    .adviceDataGap: "Prüfen Sie die Verbindung der Station zu dieser Zeit.",
    .advicePowerSpike: "Prüfen Sie die Leistungsmessung; stimmt sie, war der Anschluss überlastet.",
    .adviceStuckValue: "Prüfen Sie, ob der Zähler oder sein Gateway einen alten Wert wiederholt.",
    .adviceClockJump: "Prüfen Sie die Uhr der Station und ihren Zeitabgleich.",
    .adviceNone: "Es ist nichts zu tun.",
    .nameKwhDecrease: "fallender Energiezähler", .nameEnergyPit: "Energielücke",
    .namePowerEnergyMismatch: "Leistung und Energie im Widerspruch",
    .nameSocDrop: "fallender Ladestand", .nameDataGap: "Datenlücke", .namePowerSpike: "Leistungsspitze",
    .nameStuckValue: "festhängender Wert",
    .nameClockJump: "Sprung der Uhr",
  ]
}
