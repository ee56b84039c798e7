import type { Gateway } from '../core/gateway'
import type { Grant } from '../core/grants/grant'
import type { Credentials } from '../core/organizations/authenticate'
import type { Principal } from '../core/organizations/principal'
import type { GuardedGateway, Unverified } from '../core/organizations/unverified'

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
    /** The gateway for a request with this credential. */
    guardGateway: (credential: Unverified) => GuardedGateway
    /** Of a path `/g/{token}/…`: the credential of the request, whatever its headers say. */
    pathToken: string | undefined
    /** What it says, where a web page asks; null: it is no token of this gateway's. */
    pathGrant: Grant | null | undefined
    /** Set by `authenticateRequest`; undefined where no credential is asked for. */
    principal: Principal | undefined
    /** Set by the same for a credential that this isolate has not verified: see `GuardedGateway`. */
    confirmCredential: GuardedGateway['confirm'] | undefined
  }
}
