import type { Dialect } from '../http/mount'
import { ctxfyDialect } from './ctxfy'
import { publicFilesDialect } from './ctxfy/public-files'
import { cuadraDialect } from './cuadra'
import { directUploadDialect } from './direct-upload'
import { filepondDialect } from './filepond'
import { grantHolderDialect, grantsDialect } from './grants'
import { healthDialect } from './health'
import { organizationsDialect } from './organizations'
import { quantcdnDialect } from './quantcdn'
import { resumableDialect } from './resumable'
import { tusDialect } from './tus'
import { uploadsDialect } from './uploads'

export type DialectSettings = {
  quantcdnExtraContentTypes: readonly string[]
  cuadraExtraContentTypes: readonly string[]
  publicBaseUrl: string | null
  /** Of the store that clients put bytes into. */
  storeOrigin: string
}

/** Every API that the gateway speaks, in the order in which their paths are matched. */
export function createDialects(settings: DialectSettings) {
  return {
    health: healthDialect,
    quantcdn: quantcdnDialect({ extraContentTypes: settings.quantcdnExtraContentTypes }),
    directUpload: directUploadDialect,
    organizations: organizationsDialect,
    cuadra: cuadraDialect({ extraContentTypes: settings.cuadraExtraContentTypes }),
    uploads: uploadsDialect,
    tus: tusDialect,
    resumable: resumableDialect,
    filepond: filepondDialect,
    grants: grantsDialect,
    grantHolder: grantHolderDialect({ storeOrigin: settings.storeOrigin }),
    ctxfy: ctxfyDialect({ publicBaseUrl: settings.publicBaseUrl }),
    publicFiles: publicFilesDialect,
  } satisfies Record<string, Dialect>
}
