# slice-profile-sr in a container: docker build -t slice-profile-sr .
# With NVIDIA's graphics cards: docker build -t slice-profile-sr --build-arg TORCH=cu128 .
FROM python:3.12-slim
ARG TORCH=cpu
RUN pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/${TORCH}
COPY . /source
RUN pip install --no-cache-dir "/source[cluster]" && rm -r /source
ENV MPLCONFIGDIR=/tmp
WORKDIR /data
ENTRYPOINT ["slice-profile-sr"]
