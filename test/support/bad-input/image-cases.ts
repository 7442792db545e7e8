import { existsSync, readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { describeApi } from '@faultline/contracts/openapi';
import { apis } from '@faultline/contracts/edge';
import { expect } from 'chai';
import { animation, noise, picture } from '../../../services/images/test/pictures.ts';
import { type Answer, ask, type Case, type Send } from './case.ts';
import type { World } from './world.ts';

type Picture = () => Uint8Array | Promise<Uint8Array>;

/** Uploads, and when it was taken waits for what becomes of it: the answer's body in the end. */
function upload(make: Picture, type = 'image/png', headers: Record<string, string> = {}): Send {
  return async (world) => {
    const bytes = await make();
    const answer = await world.ann.api.post('/api/v1/images', Buffer.from(bytes), {
      'Content-Type': type,
      ...headers,
    });
    if (answer.status !== 202) return answer;
    return { ...answer, body: await world.settledImage(String(answer.body['id'])) };
  };
}

type Upload = { row: number; what: string; make: Picture; type?: string };

/** Taken at first; refused once somebody has looked at it. */
function rejected(reasons: string[], { row, what, make, type }: Upload): Case {
  return {
    row,
    what,
    send: upload(make, type),
    status: 202,
    also({ body }, world) {
      expect(body).to.include({ status: 'rejected' });
      expect(reasons).to.include(body['reason']);
      expectModestDecoder(world);
    },
  };
}

/** What is no picture of the four kinds is not even taken. */
function unsupported({ row, what, make, type }: Upload): Case {
  return { row, what, send: upload(make, type), status: 415 };
}

function text(content: string): Picture {
  return () => Buffer.from(content, 'latin1');
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** One bit a point, all of them black: a few kilobytes that become megabytes. */
function blackPng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))), { level: 9 });
  return Buffer.concat([
    ...[signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))],
  ]);
}

/** A small picture with a block of text that is 60 MB when it is unpacked. */
async function pngWith(type: 'zTXt' | 'iCCP'): Promise<Buffer> {
  const png = Buffer.from(await picture());
  const bomb = Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(60_000_000))]);
  return Buffer.concat([png.subarray(0, 33), chunk(type, bomb), png.subarray(33)]);
}

function gif(frames: number): Buffer {
  const head = Buffer.from('GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  const frame = Buffer.from('!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0', 'latin1');
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(';')]);
}

/** An AVIF sequence by its header, with nothing sensible in it. */
function movingAvif(): Buffer {
  const brands = '\0\0\0\x1cftypavis\0\0\0\0avifmsf1miaf';
  return Buffer.concat([Buffer.from(brands, 'latin1'), Buffer.alloc(4_096, 1)]);
}

const bombs: Case[] = [
  rejected(['too_large'], { row: 44, what: 'a PNG of 14,000²', make: () => blackPng(14_000) }),
  rejected(['too_many_frames'], {
    row: 44,
    what: 'an animated WebP of 101 frames',
    type: 'image/webp',
    make: () => animation(101),
  }),
  rejected(['corrupt', 'unsupported_format'], {
    row: 44,
    what: 'an AVIF that claims to move',
    type: 'image/avif',
    make: movingAvif,
  }),
  unsupported({ row: 44, what: 'a GIF of 100,000 frames', make: () => gif(100_000) }),
  unsupported({ row: 44, what: 'a GIF as it is', make: () => gif(2), type: 'image/gif' }),
  ...(['zTXt', 'iCCP'] as const).map((type) => ({
    row: 44,
    what: `a PNG with 60 MB of ${type}`,
    send: upload(() => pngWith(type)),
    status: 202,
    also({ body }: Answer, world: World) {
      expect(body['status']).to.be.oneOf(['ready', 'rejected']);
      expectModestDecoder(world);
    },
  })),
];

const impostors = {
  'SVG with a script': '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
  'SVG that refers to a file': '<svg><image href="file:///etc/passwd"/></svg>',
  'MVG text': 'push graphic-context\nviewbox 0 0 9 9\nfill \'url(https://127.0.0.1/x.jpg"|id")\'',
  'a PDF': '%PDF-1.7\n1 0 obj',
  HTML: '<!doctype html><script>alert(1)</script>',
  PostScript: '%!PS-Adobe-3.0 EPSF-3.0\n(id) (r) file',
};

async function polyglot(): Promise<Buffer> {
  const archive = Buffer.from('PK\x03\x04planted-archive', 'latin1');
  return Buffer.concat([await picture({}, 'jpeg'), archive]);
}

async function isCleanPicture({ body }: Answer, world: World): Promise<void> {
  expect(body['status']).to.equal('ready');
  const renditions: unknown = body['renditions'];
  const urls = JSON.stringify(renditions).match(/\/media\/[0-9a-f]{64}\.webp/g) ?? [];
  expect(urls).to.have.length.of.at.least(1);
  const file = await fetch(new URL(urls[0] ?? '', world.system.url));
  const bytes = Buffer.from(await file.arrayBuffer());
  expect(bytes.toString('latin1', 8, 12)).to.equal('WEBP');
  expect(bytes.includes('planted-archive')).to.equal(false);
  expect(file.headers.get('content-security-policy')).to.include('sandbox');
  expect(file.headers.get('x-content-type-options')).to.equal('nosniff');
}

const disguises: Case[] = [
  ...Object.entries(impostors).map(([what, content]) =>
    unsupported({ row: 45, what: `${what} named .jpg`, make: text(content), type: 'image/jpeg' }),
  ),
  unsupported({
    row: 45,
    what: 'SVG as it is',
    make: text(impostors['SVG with a script']),
    type: 'image/svg+xml',
  }),
  unsupported({ row: 45, what: 'a PNG named .jpg', make: () => picture(), type: 'image/jpeg' }),
  {
    row: 45,
    what: 'a JPEG that is a ZIP as well comes out clean',
    send: upload(polyglot, 'image/jpeg'),
    status: 202,
    also: isCleanPicture,
  },
];

async function half(format: 'jpeg' | 'png' | 'webp' | 'avif'): Promise<Uint8Array> {
  const whole = await noise(96, 64, format);
  return whole.subarray(0, Math.floor(whole.length / 2));
}

const broken: Case[] = [
  ...(['jpeg', 'png', 'webp', 'avif'] as const).map((format) =>
    rejected(['corrupt'], {
      row: 46,
      what: `half a ${format}`,
      make: () => half(format),
      type: `image/${format}`,
    }),
  ),
  rejected(['corrupt'], {
    row: 46,
    what: 'nothing but a signature',
    type: 'image/jpeg',
    make: text(`\xff\xd8\xff${'\xff'.repeat(2_000)}`),
  }),
  {
    row: 46,
    what: 'an empty body',
    send: upload(() => Buffer.alloc(0)),
    status: 400,
  },
];

const names = {
  '../../x': 'attachment; filename="../../x"',
  '4 KB': `attachment; filename="${'n'.repeat(4_096)}"`,
  'a right-to-left override': "attachment; filename*=UTF-8''a%E2%80%AEgpj.exe",
};

const named: Case[] = Object.entries(names).map(([what, value]) => ({
  row: 47,
  what: `a file name of ${what} is ignored`,
  send: upload(() => picture(), 'image/png', { 'Content-Disposition': value }),
  status: 202,
  also: isCleanPicture,
}));

const addresses = [
  ...['http://127.0.0.1:<port>/', 'http://[::1]:<port>/', 'http://0x7f000001:<port>/'],
  ...['http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'gopher://127.0.0.1/'],
];

export const urlCases: Case[] = [
  ...addresses.flatMap((template) => [
    untouched(415, `a picture by ${template} as JSON`, ({ trap, ann }) =>
      ann.api.post('/api/v1/images', { url: template.replace('<port>', String(trap.port)) }),
    ),
    untouched(415, `a picture whose bytes are ${template}`, ({ trap, ann }) =>
      ann.api.post('/api/v1/images', template.replace('<port>', String(trap.port)), {
        'Content-Type': 'image/jpeg',
      }),
    ),
  ]),
  untouched(400, 'a picture by a URL in the query', ({ trap, ann }) =>
    ann.api.post(`/api/v1/images?url=http://127.0.0.1:${trap.port}/`, '', {
      'Content-Type': 'image/png',
    }),
  ),
  untouched(400, 'a product with the URL of a picture', ({ admin, trap }) =>
    admin.api.post('/api/v1/admin/products', {
      slug: 'by-url',
      name: 'x',
      description: 'x',
      category: 'lighting',
      price: { amount: 1, currency: 'EUR' },
      image_url: `http://127.0.0.1:${trap.port}/`,
    }),
  ),
  {
    row: 48,
    what: 'no operation takes a URL',
    send: ask('GET', '/api/openapi.json'),
    status: 200,
    also() {
      const { paths } = describeApi({ apis, version: '0' });
      const inputs = JSON.stringify(paths, (name, value: unknown) =>
        name === 'responses' ? undefined : value,
      );
      expect(inputs).not.to.match(/"(url|uri|href|callback|webhook|\w+_ur[li])":/i);
      expect(inputs).not.to.match(/"format":"ur[li]"/);
    },
  },
];

function untouched(status: number, what: string, send: Send): Case {
  return {
    row: 48,
    what,
    send,
    status,
    also(_, { trap }) {
      expect(trap.visits).to.equal(0);
    },
  };
}

const multipart = {
  'without a boundary': ['multipart/form-data', 'x'],
  'without an end': ['multipart/form-data; boundary=b', '--b\r\n\r\nx'],
  'of 10,000 parts': ['multipart/form-data; boundary=b', '--b\r\n\r\n'.repeat(5_000)],
  nested: [
    'multipart/mixed; boundary=b',
    '--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c',
  ],
} as const;

export const multipartCases: Case[] = Object.entries(multipart).flatMap(([what, [type, body]]) =>
  ['/api/v1/images', '/api/v1/orders', '/sign-in'].map((path) => ({
    row: 49,
    what: `multipart ${what} to ${path}`,
    send: ask('POST', path, {
      headers: { 'Content-Type': type, 'Idempotency-Key': 'k' },
      body,
    }),
    status: 415,
    isPage: path === '/sign-in',
  })),
);

export const imageCases: Case[] = [
  ...bombs,
  ...disguises,
  ...broken,
  ...named,
  {
    row: 46,
    what: 'the worker lives: a good picture is ready',
    send: upload(() => picture({ shade: 46 })),
    status: 202,
    also: isCleanPicture,
  },
];

const decoderMebibytesMax = 400;

/** The decoder is a child of the images service; Linux tells how much memory it had at most. */
function expectModestDecoder({ system }: World): void {
  for (const { pid } of system.engine.instances('images')) {
    const children = `/proc/${pid}/task/${pid}/children`;
    if (pid === undefined || pid === null || !existsSync(children)) continue;
    for (const child of readFileSync(children, 'utf8').split(' ').filter(Boolean)) {
      const status = readFileSync(`/proc/${child}/status`, 'utf8');
      const mebibytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
      expect(mebibytes).to.be.below(decoderMebibytesMax);
    }
  }
}
