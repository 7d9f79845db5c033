// Functions of the platform.
extension CELFunctions {
  public static let platform = CELFunctions.standard
}
