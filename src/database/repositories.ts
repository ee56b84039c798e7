import type { Repositories } from '../core/ports/repositories'
import { createApiKeyRepository } from './api-key-repository'
import { createAppendRepository } from './append/append-repository'
import { createAssociationRepository } from './association-repository'
import { readRows } from './d1'
import { createDeletionRepository } from './deletion-repository'
import { createFileRepository } from './file-repository'
import { createGrantRepository } from './grant-repository'
import { createIdempotencyKeyRepository } from './idempotency-key-repository'
import { createOrganizationRepository } from './organization-repository'
import { prepare } from './statement'
import { createSweepPositionRepository } from './sweep-position-repository'
import { createUploadRepository } from './uploads/upload-repository'

/** Everything that is remembered, in one D1 database with the schema of `migrations/`. */
export function createRepositories(db: D1Database): Repositories {
  return {
    organizations: createOrganizationRepository(db),
    apiKeys: createApiKeyRepository(db),
    files: createFileRepository(db),
    uploads: createUploadRepository(db),
    grants: createGrantRepository(db),
    appends: createAppendRepository(db),
    deletions: createDeletionRepository(db),
    sweepPositions: createSweepPositionRepository(db),
    associations: createAssociationRepository(db),
    idempotencyKeys: createIdempotencyKeyRepository(db),
    async checkDatabase() {
      await readRows('check', prepare(db, 'SELECT id FROM organizations LIMIT 1', {}))
    },
  }
}
