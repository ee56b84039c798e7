import * as z from 'zod'

/** The body of `POST /v1/files/{id}/associations`. What a resource may be called is the core's to say. */
export const associationRequest = z.object(
  {
    resourceType: z.string('is required and must be a string'),
    resourceId: z.string('is required and must be a string'),
  },
  'the body must be a JSON object',
)
