import type { FileRecord } from '../files/file-record'
import type { FileSelection, FoundPage, PageOptions } from '../files/file-selection'
import type { SummaryPart } from '../files/file-summary'
import type { IdempotencyClaim, IdempotencyRecord } from '../idempotency/idempotency'
import type { FileId, GrantId, OrganizationId } from '../ids'
import type { ApiKey, StoredApiKey } from '../organizations/api-key'
import type { Organization } from '../organizations/organization'
import type { AppendRepository } from './append-repository'
import type { AssociationRepository } from './association-repository'
import type { DeletionRepository, DueObject, SweepPositionRepository } from './deletion-repository'
import type { GrantRepository } from './grant-repository'
import type { IdempotencyKeys } from './idempotency-keys'
import type { UploadRepository } from './upload-repository'

/**
 * What is remembered. One method is one atomic step and one round trip to the database. Methods throw
 * `database_failed` when it does not answer; `find…` returns null for what is not there or not theirs.
 */
export interface Repositories {
  readonly organizations: OrganizationRepository
  readonly apiKeys: ApiKeyRepository
  readonly files: FileRepository
  readonly uploads: UploadRepository
  readonly appends: AppendRepository
  readonly grants: GrantRepository
  readonly deletions: DeletionRepository
  readonly sweepPositions: SweepPositionRepository
  readonly associations: AssociationRepository
  readonly idempotencyKeys: IdempotencyKeys
  /** Resolves when the database answers. */
  checkDatabase(): Promise<void>
}

export interface OrganizationRepository {
  find(id: OrganizationId): Promise<Organization | null>
  /** Throws `quota_below_usage`. */
  put(input: {
    id: OrganizationId
    name: string
    quotaBytes: number | null
    now: number
  }): Promise<{ organization: Organization; created: boolean }>
}

export interface ApiKeyRepository {
  /**
   * Stores the key, and with a claim its sealed reply. Returns null when it did, or the record that holds
   * the claim's idempotency key already (then nothing was stored). An organization has at most `apiKeysMax`: keys
   * that do not work any more make room, the oldest first. Throws `organization_not_found`, `too_many_api_keys`.
   */
  create(input: {
    key: StoredApiKey
    claim: IdempotencyClaim | null
    reply: string | null
    apiKeysMax: number
    now: number
  }): Promise<IdempotencyRecord<string> | null>
  /** A page of the organization's keys, newest first, and how many it has; null: no such organization. */
  list(
    organizationId: OrganizationId,
    page: { offset: number; limit: number },
  ): Promise<{ keys: ApiKey[]; total: number } | null>
  /**
   * Revokes the key unless it is revoked, and returns it as it then is; null when there is none.
   * `organizationId` null: of any organization.
   */
  revoke(id: string, organizationId: OrganizationId | null, now: number): Promise<ApiKey | null>
}

export interface FileRepository {
  /** With `grantId` only if the file was made under that grant. */
  find(organizationId: OrganizationId, id: FileId, grantId?: GrantId | null): Promise<FileRecord | null>
  /** The same, for files that anyone may read. */
  findPublic(organizationId: OrganizationId, id: FileId): Promise<FileRecord | null>
  /**
   * A page of the files of `selection`, newest first, that were made before file `before`, and with the first page up
   * to `pendingMax` of the newest whose bytes a client was to put into the bucket itself. What is read is bounded: the
   * page ends early when too much has been looked at, or its files have too many associations.
   */
  list<Part extends SummaryPart>(
    organizationId: OrganizationId,
    selection: FileSelection,
    page: PageOptions<Part> & { pendingMax: number },
  ): Promise<FoundPage<Part>>
  /**
   * Removes the file whatever its status, lets go of its bytes if no other file needs them, and returns
   * what is now to be deleted, its incoming key among it, and whether anyone could read the file; null when there was no
   * such file.
   */
  delete(
    organizationId: OrganizationId,
    id: FileId,
    now: number,
  ): Promise<{ due: DueObject[]; wasPublic: boolean } | null>
}
