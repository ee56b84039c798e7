import * as z from 'zod'
import { Problem } from '../../http/answers'
import type { Documentation } from '../../http/documentation'
import { Organization } from './answers'

export const documentation: Documentation = {
  title: 'Organizations',
  description: 'For the operator: who may store files here, how many bytes, and how many there are.',
  credentials: ['bearer'],
  answers: {
    Organization: {
      description: 'The organization with its usage',
      schema: Organization,
      example: {
        id: 'acme',
        name: 'Acme',
        quotaBytes: 10_737_418_240,
        usedBytes: 48_213,
        reservedBytes: 0,
        pendingUploads: 0,
        pendingUploadsMax: 10_000,
        createdAt: '2026-11-02T09:00:00.000Z',
      },
    },
  },
  requests: { putOrganization: { example: { name: 'Acme', quotaBytes: 10_737_418_240 } } },
  parameters: {
    id: {
      description: 'The organization',
      schema: z.string().regex(/^[a-z0-9-]{1,63}$/),
      example: 'demo',
    },
  },
  failure: Problem,
  failureContentType: 'application/problem+json',
}
