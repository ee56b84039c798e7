import type { Gateway } from '../core/gateway'
import type { Credentials } from '../core/organizations/authenticate'
import type { Principal } from '../core/organizations/principal'
import type { GuardedGateway, UnverifiedKey } from '../core/organizations/unverified-key'

/**
 * What a dialect's handlers find on the context. There are no `Bindings` in it on purpose: a dialect that
 * reaches for a platform binding does not compile.
 */
export type HttpEnv = {
  Variables: {
    requestId: string
    /** Where clients reach the gateway, as an origin: as configured, otherwise as the request says. */
    gatewayUrl: string
    gateway: Gateway
    credentials: Credentials
    /** False when the key has made too many requests. */
    allowsRequest: (rateKey: string) => Promise<boolean>
    /** The gateway for a request of this key. */
    guardGateway: (key: UnverifiedKey) => GuardedGateway
    /** Set by `authenticateRequest`; undefined where no credential is asked for. */
    principal: Principal | undefined
    /** Set by the same for an API key that this isolate has not verified: see `GuardedGateway`. */
    confirmKey: GuardedGateway['confirm'] | undefined
  }
}
