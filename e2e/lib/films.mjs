// Small films and sounds, made by the machine's ffmpeg; servers here convert them by the same program.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const sources = {
	video: ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=12', '-f', 'lavfi', '-i', 'sine=f=330', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-t', '2'],
	audio: ['-f', 'lavfi', '-i', 'sine=f=440', '-c:a', 'libvorbis', '-t', '2'],
	gifv: ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=8', '-t', '1'],
};
const names = { video: 'film.mp4', audio: 'sound.ogg', gifv: 'loop.gif' };

/** A film, a sound or a moving picture; null where there is no ffmpeg. */
export async function film(kind) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'film-'));
	try {
		const at = path.join(folder, names[kind]);
		await run('ffmpeg', ['-v', 'error', ...sources[kind], at]);
		return { name: names[kind], body: await readFile(at) };
	} catch (error) {
		if (error.code !== 'ENOENT') throw error;
		console.log(`NOT TESTED: ${kind}, for ffmpeg is not installed`);
		return null;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
