// Every handler of accounts, members and their administration, by the names that specs use.
import Ports

public enum AccountHandlers {
  public static func all(_ desk: AccountDesk) -> [any OperationHandler] {
    [
      SignUpHandler(desk: desk), LoginHandler(desk: desk), RefreshHandler(desk: desk), LogoutHandler(desk: desk),
      WhoAmIHandler(desk: desk), VerifyEmailHandler(desk: desk), ResendVerificationHandler(desk: desk),
      ForgotPasswordHandler(desk: desk), ResetPasswordHandler(desk: desk), ChangePasswordHandler(desk: desk),
      OpenIDStartHandler(desk: desk), OpenIDCallbackHandler(desk: desk), AcceptInvitationHandler(desk: desk),
      InviteHandler(desk: desk), RemoveMemberHandler(desk: desk), ChangeMemberRoleHandler(desk: desk),
      TransferOwnershipHandler(desk: desk), ListAccountsHandler(desk: desk), GetAccountHandler(desk: desk),
      UpdateAccountHandler(desk: desk), AccountStatusHandler(desk: desk), AccountRoleHandler(desk: desk),
      PreflightDeleteHandler(desk: desk), DeleteAccountHandler(desk: desk), OrganizationHandler(desk: desk),
      ListSessionsHandler(desk: desk), EndSessionHandler(desk: desk), EndOtherSessionsHandler(desk: desk),
      EnrollAuthenticatorHandler(desk: desk), ConfirmAuthenticatorHandler(desk: desk), RemoveAuthenticatorHandler(desk: desk),
      RecoveryCodesHandler(desk: desk), FactorsHandler(desk: desk), SecondFactorHandler(desk: desk),
      PasskeyOptionsHandler(desk: desk), PasskeyRegisterHandler(desk: desk), ListPasskeysHandler(desk: desk),
      RemovePasskeyHandler(desk: desk), PasskeyLoginOptionsHandler(desk: desk), PasskeyLoginHandler(desk: desk),
      MagicLinkHandler(desk: desk), UseMagicLinkHandler(desk: desk), SendCodeHandler(desk: desk), VerifyCodeHandler(desk: desk),
      SetPhoneHandler(desk: desk), ConfirmPhoneHandler(desk: desk), SAMLStartHandler(desk: desk), SAMLConsumeHandler(desk: desk),
      SAMLMetadataHandler(desk: desk),
    ]
  }
}

/// A handler with the desk at hand.
protocol DeskHandler: OperationHandler {
  var desk: AccountDesk { get }
}
