import { z } from 'zod';
import { id, idParams, problem } from './common.ts';

export const imageMediaTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/avif'] as const;

/** The largest upload accepted. */
export const imageBytesMax = 10 * 1024 * 1024;

/** One size of a picture; `url` names its content, so it may be cached for ever. */
export const rendition = z.object({
  width: z.number().int(),
  height: z.number().int(),
  media_type: z.string(),
  url: z.string(),
});
export type Rendition = z.output<typeof rendition>;

export const image = z.object({
  id,
  status: z.enum(['queued', 'processing', 'ready', 'rejected']),
  reason: z.string().nullable(),
  renditions: z.array(rendition),
});
export type Image = z.output<typeof image>;

export const uploadImage = {
  id: 'uploadImage',
  method: 'POST',
  path: '/api/v1/images',
  summary: 'Upload a picture; its renditions are made in the background.',
  access: 'principal',
  rawBody: imageMediaTypes,
  bodyLimitBytes: imageBytesMax,
  replies: { 202: image },
} as const;

export const getImage = {
  id: 'getImage',
  method: 'GET',
  path: '/api/v1/images/:id',
  summary: 'How far a picture is, and its renditions.',
  access: 'principal',
  params: idParams,
  replies: { 200: image, 404: problem },
} as const;

export const imagesApi = [uploadImage, getImage] as const;

export const imageEvents = {
  stream: 'images.events',
  types: {
    'image.ready': { version: 1, data: z.object({ image_id: id, renditions: z.array(rendition) }) },
    'image.rejected': { version: 1, data: z.object({ image_id: id, reason: z.string() }) },
  },
} as const;
