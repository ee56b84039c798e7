// Compiled by `npm run types`, not run: client.d.ts, which is written by hand, declares what the module exports.
import type * as declared from '../../client/client'
import type * as exported from '../../client/index'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Instance<Module extends { UploadError: abstract new (...args: never) => unknown }> = InstanceType<
  Module['UploadError']
>

export const namesAreTheSame: Same<keyof typeof declared, keyof typeof exported> = true
export const uploadIsTheSame: Same<typeof declared.upload, typeof exported.upload> = true
export const uppyS3IsTheSame: Same<typeof declared.uppyS3, typeof exported.uppyS3> = true
export const errorIsTheSame: Same<Instance<typeof declared>, Instance<typeof exported>> = true
export const errorIsMadeTheSame: Same<
  ConstructorParameters<typeof declared.UploadError>,
  ConstructorParameters<typeof exported.UploadError>
> = true
