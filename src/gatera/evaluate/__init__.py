"""HTML report pages on a trained model: error with its confidence interval, baseline, pictures, history.

Read `html_report` first: `ReportFacts` is the content, `write_html_report` writes the page. `html_page` has the HTML elements.
"""
