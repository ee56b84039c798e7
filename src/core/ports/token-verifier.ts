/** Checks tokens that an identity provider has signed. */
export interface TokenVerifier {
  /**
   * Whether `token` is signed by one of the provider's keys, comes from it, is meant for this gateway and is
   * valid now. Throws `identity_provider_failed` when the provider's keys cannot be had.
   */
  verify(token: string): Promise<TokenVerdict>
}

export type TokenVerdict =
  | { outcome: 'verified'; claims: TokenClaims }
  /** All that a client learns of a wrong token: a forger must not see how far it came. */
  | { outcome: 'invalid' }
  /** Right in everything else. */
  | { outcome: 'expired' }

/** What a verified token says (RFC 7519, section 4). `iss` was compared; `exp` was required: seconds since 1970 UTC. */
export type TokenClaims = Readonly<Record<string, unknown> & { iss: string; exp: number }>
