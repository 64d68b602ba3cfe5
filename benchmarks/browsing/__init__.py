"""Firefox and WebKit, driven without Playwright, whose own builds of them cannot always be downloaded."""
