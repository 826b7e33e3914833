# Two commands do everything: `make demo` and `make test`.

.PHONY: demo test check serve environment test-environment fix messages

demo: environment  ## a sample town on the embedded database, served on port 8000
	.venv/bin/tocsin demo

serve: environment  ## the web server on your own data
	.venv/bin/tocsin manage migrate
	.venv/bin/tocsin serve

test: test-environment  ## every check and every test, on SQLite and PostgreSQL, browser included
	scripts/test.sh

check: test-environment  ## the checks alone
	scripts/check.sh

fix: test-environment  ## let the tools mend what they can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

environment:
	scripts/environment.sh run

test-environment:
	scripts/environment.sh test
	scripts/debian.sh postgresql chromium fonts-noto-cjk gettext tesseract-ocr tesseract-ocr-chi-sim default-jre-headless
