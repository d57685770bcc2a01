// Debian's Chromium, driven by playwright-core; screenshots are kept as artefacts.
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const artifacts = process.env.ANANCUS_ARTIFACTS ?? path.resolve(import.meta.dirname, '../../artifacts/e2e');

const sizes = {
	desktop: { viewport: { width: 1280, height: 860 } },
	phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};
const desktop = { ...sizes.desktop, colorScheme: 'light', locale: 'en-GB', timezoneId: 'UTC' };

export async function openBrowser() {
	await rm(artifacts, { recursive: true, force: true });
	await mkdir(artifacts, { recursive: true });
	const browser = await chromium.launch({
		executablePath: process.env.ANANCUS_CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
	return new Browser(browser);
}

class Browser {
	/** What pages complained of: script errors, refused content, failed requests. */
	complaints = [];
	#browser;

	constructor(browser) {
		this.#browser = browser;
	}

	/** A person with a browser of their own. */
	async person(name, options = {}) {
		const context = await this.#browser.newContext({ ...desktop, ...options });
		context.setDefaultTimeout(15_000);
		const page = await context.newPage();
		this.#listen(name, page);
		return { name, context, page };
	}

	#listen(name, page) {
		page.on('pageerror', (error) => this.complaints.push(`${name}: ${error.stack ?? error}`));
		page.on('console', (message) => {
			if (message.type() === 'error') this.complaints.push(`${name} at ${page.url()}: ${message.text()} ${message.location().url}`);
		});
	}

	/** Keeps one address as a picture: desktop and phone, light and dark, with the person's session. */
	async shoot(person, address, title, ready) {
		const storageState = await person.context.storageState();
		for (const [size, shape] of Object.entries(sizes)) {
			for (const colorScheme of ['light', 'dark']) {
				const context = await this.#browser.newContext({ ...desktop, ...shape, colorScheme, storageState });
				context.setDefaultTimeout(15_000);
				const page = await context.newPage();
				this.#listen(`${person.name} (${size}, ${colorScheme})`, page);
				await page.goto(address);
				await ready?.(page);
				await settle(page);
				await page.screenshot({ path: path.join(artifacts, `${title}-${size}-${colorScheme}.png`) });
				const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
				assert.ok(wide <= room, `${title} at ${size} is ${wide} wide where there is room for ${room}`);
				await context.close();
			}
		}
	}

	/** Keeps what the person sees now. */
	keep = (person, title) => person.page.screenshot({ path: path.join(artifacts, `${title}.png`) });

	close = () => this.#browser.close();
}

/** Pictures are loaded and animations over. */
async function settle(page) {
	await page.evaluate(async () => {
		await document.fonts.ready;
		await Promise.all([...document.images].filter((one) => !one.complete).map((one) => one.decode().catch(() => {})));
		await Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {})));
	});
}
