/** The least that a Worker can do with an upload: it puts the body into the bucket unchanged. */
export default {
  async fetch(request: Request, env: { BUCKET: R2Bucket }): Promise<Response> {
    if (request.body === null) return new Response('empty')
    await env.BUCKET.put('raw', request.body)
    return new Response('stored')
  },
}
